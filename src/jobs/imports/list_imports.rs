//! list_imports: runs of the importer and their rejects.

use crate::{
    db::Part,
    error::{Resource, Result},
    jobs::{JobManager, validate},
    lifecycle::Cursor,
};
use entity::{import, import_reject};

impl JobManager {
    /// Returns the import run with this id.
    ///
    /// Errors: `import_not_found`.
    pub async fn get_import(&self, id: &str) -> Result<import::Model> {
        validate::may_exist(id, Resource::Import)?;
        self.db.import(id).await
    }

    /// Lists import runs behind the cursor, newest first: at most `limit`, fewer if they are large.
    pub async fn list_imports(
        &self,
        after: Option<Cursor>,
        limit: u64,
    ) -> Result<Part<import::Model>> {
        self.db.imports(after, limit).await
    }

    /// Lists the rejects of a run behind the reject with the id `after`, in the order in which the
    /// importer found them: at most `limit`, fewer if they are large.
    ///
    /// Errors: `import_not_found`.
    pub async fn list_import_rejects(
        &self,
        import_id: &str,
        after: Option<i64>,
        limit: u64,
    ) -> Result<Part<import_reject::Model>> {
        self.get_import(import_id).await?;
        self.db.import_rejects(import_id, after, limit).await
    }
}
