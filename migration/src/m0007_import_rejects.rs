//! `import_rejects`: records that an import rejected, with the reason and the raw text.

use crate::{drop_table, time};
use sea_orm_migration::prelude::*;

const REJECTS: &str = "import_rejects";

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table(REJECTS)
                    .col(ColumnDef::new("id").big_integer().not_null().auto_increment().primary_key())
                    .col(ColumnDef::new("import_id").string_len(36).not_null())
                    .col(ColumnDef::new("file").text().not_null())
                    .col(ColumnDef::new("key").text())
                    .col(ColumnDef::new("reason").string_len(50).not_null())
                    .col(ColumnDef::new("detail").text().not_null())
                    .col(ColumnDef::new("raw").text())
                    .col(time("created_at").not_null())
                    .foreign_key(
                        ForeignKey::create()
                            .name("fk_import_rejects_import")
                            .from(REJECTS, "import_id")
                            .to("imports", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        let import =
            Index::create().name("idx_import_rejects_import").table(REJECTS).col("import_id").col("id").to_owned();
        manager.create_index(import).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_table(manager, REJECTS).await
    }
}
