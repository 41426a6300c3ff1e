use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "analytics")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: String,
    pub position: i64,
    pub total_hours: i64,
    pub current_streak: i64,
    pub longest_streak: i64,
    pub logs_created: i64,
    pub goals_completed: i64,
    pub skills_added: i64,
    pub weekly: String,
    pub monthly: String,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
