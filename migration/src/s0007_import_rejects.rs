//! `import_rejects`: records that an import rejected, with the reason and the raw text.

use crate::parts::{create, drop_table, index, reference, serial, text, time};
use sea_orm_migration::prelude::*;

const REJECTS: &str = "import_rejects";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let import = index("idx_import_rejects_import", REJECTS, &["import_id", "id"]);
        create(manager, &table(), [import]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, REJECTS).await
    }
}

fn table() -> TableCreateStatement {
    let of_import = (REJECTS, "import_id");
    let on_delete = ForeignKeyAction::Cascade;
    let mut import = reference("fk_import_rejects_import", of_import, "imports", on_delete);
    Table::create()
        .table(REJECTS)
        .col(serial("id"))
        .col(text("import_id", 36).not_null())
        .col(ColumnDef::new("file").text().not_null())
        .col(ColumnDef::new("key").text())
        .col(text("reason", 50).not_null())
        .col(ColumnDef::new("detail").text().not_null())
        .col(ColumnDef::new("raw").text())
        .col(time("created_at").not_null())
        .foreign_key(&mut import)
        .to_owned()
}
