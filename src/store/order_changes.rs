//! Changes that the practice makes to a stored order. The case is held by the caller ([`super::cases::lock`]); the event with the new
//! answer is appended by the caller in the same transaction.

use super::cases::{AwardColumns, LineColumns, NewCase};
use super::{Result, shard_of, shard_of_member};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// How an order came in, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Health plan.
    pub health_plan: String,
    /// Member ID on the plan's file.
    pub member_id: String,
    /// Whose the case is, as [`crate::domain::roster::Person`] writes it.
    pub person: String,
    /// Subject that submitted.
    pub submitted_by: String,
    /// Its role.
    pub submitted_as: String,
}

/// How an order came in.
pub async fn origin(conn: &mut PgConnection, case_id: Uuid) -> Result<Option<Origin>> {
    let origin = sqlx::query_as!(
        Origin,
        r#"select c.health_plan, c.member_id, c.person, c.submitted_by, e.actor_role as submitted_as
           from cases c join case_events e on e.case_id = c.case_id and e.shard = c.shard and e.seq = 1
           where c.case_id = $1 and c.shard = $2"#,
        case_id,
        shard_of(case_id),
    )
    .fetch_optional(conn)
    .await?;
    Ok(origin)
}

/// Makes every order of this member wait until the transaction ends, and those that have loaded their facts load them again.
pub async fn move_member(conn: &mut PgConnection, health_plan: &str, member_id: &str) -> Result<()> {
    sqlx::query!(
        "insert into member_ledger as ledger (health_plan, member_id, version, shard) values ($1, $2, 1, $3)
         on conflict (health_plan, member_id, shard) do update set version = ledger.version + 1",
        health_plan,
        member_id,
        shard_of_member(health_plan, member_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What reviewers have done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Every hold that an answer about the case ever showed.
    pub holds: Vec<String>,
    /// Every case that an answer about the case ever named as similar.
    pub similar_cases: Vec<Uuid>,
    /// Lines that a reviewer decided.
    pub lines: Vec<i32>,
    /// True where a nurse or physician did anything.
    pub acted: bool,
}

/// What reviewers have done so far.
pub async fn reviewed(conn: &mut PgConnection, case_id: Uuid) -> Result<Reviewed> {
    let reviewed = sqlx::query_as!(
        Reviewed,
        r#"select
             array(select distinct hold
                   from case_events e, json_array_elements_text(e.document -> 'review' -> 'holds') as hold
                   where e.case_id = $1 and e.shard = $2) as "holds!",
             array(select distinct (notice ->> 'case_id')::uuid
                   from case_events e, json_array_elements(e.document -> 'notices') as notice
                   where e.case_id = $1 and e.shard = $2 and notice ->> 'code' = 'duplicate_order' and notice ->> 'case_id' is not null)
               as "similar_cases!",
             array(select distinct line from determinations where case_id = $1 and shard = $2 order by line) as "lines!",
             exists (select from case_events where case_id = $1 and shard = $2 and actor_role in ('nurse', 'physician')) as "acted!""#,
        case_id,
        shard_of(case_id),
    )
    .fetch_one(conn)
    .await?;
    Ok(reviewed)
}

/// Replaces everything that follows from the order as it was sent: the order was decided again. It had no awards, being in progress.
pub async fn replace(conn: &mut PgConnection, case: &NewCase<'_>) -> Result<()> {
    sqlx::query!(
        "update cases set status = $2, order_id = $3, pathway_eligible_id = $4, pathway_id = $5, urgency = $6, channel = $7,
           decided_at = $8, closed_at = $8, due_at = $9, valid_from = $10, valid_through = $11, ordering_npi = $12, servicing_npi = $13,
           visible_to = $14, treatment_ingredients = $15, service = $16, lines = $17
         where case_id = $1 and shard = $18",
        case.case_id,
        case.status,
        case.order_id,
        case.pathway_eligible_id,
        case.pathway_id,
        case.urgency,
        case.channel,
        case.decided_at,
        case.due_at,
        case.valid_from,
        case.valid_through,
        case.ordering_npi,
        case.servicing_npi,
        case.visible_to,
        case.treatment_ingredients,
        case.service,
        case.lines.count(),
        shard_of(case.case_id),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into patients (party, name, health_plan, member_id)
         select distinct party, name, $1, $2 from unnest($3::text[]) as party, unnest($4::text[]) as name on conflict do nothing",
        case.health_plan,
        case.member_id,
        case.visible_to,
        case.patient_names,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("delete from case_lines where case_id = $1 and shard = $2", case.case_id, shard_of(case.case_id))
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "insert into case_lines (case_id, line, code, name, role, status, computed_status, units_approved, visits_approved,
           valid_from, valid_through, shard)
         select $1, line.*, $12 from unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::int[],
           $10::date[], $11::date[]) as line",
        case.case_id,
        &case.lines.line,
        &case.lines.code as &[Option<&str>],
        &case.lines.name as &[&str],
        &case.lines.role as &[&str],
        &case.lines.status as &[&str],
        &case.lines.computed_status as &[&str],
        &case.lines.units_approved as &[Option<i64>],
        &case.lines.visits_approved as &[Option<i32>],
        &case.lines.valid_from as &[Option<NaiveDate>],
        &case.lines.valid_through as &[Option<NaiveDate>],
        shard_of(case.case_id),
    )
    .execute(&mut *conn)
    .await?;
    award(conn, case.case_id, &case.awards).await
}

/// What the case still treats with, after lines were withdrawn.
pub async fn set_treatment(conn: &mut PgConnection, case_id: Uuid, ingredients: &[String]) -> Result<()> {
    sqlx::query!(
        "update cases set treatment_ingredients = $2 where case_id = $1 and shard = $3",
        case_id,
        ingredients,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The last day of an approved case that was extended.
pub async fn set_valid_through(conn: &mut PgConnection, case_id: Uuid, through: NaiveDate) -> Result<()> {
    sqlx::query!("update cases set valid_through = $2 where case_id = $1 and shard = $3", case_id, through, shard_of(case_id),)
        .execute(conn)
        .await?;
    Ok(())
}

/// Where a case stands after its drugs moved.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The case.
    pub case_id: Uuid,
    /// Derived status.
    pub status: &'a str,
    /// Order ID.
    pub order_id: Option<&'a str>,
    /// Pathway Eligible ID.
    pub pathway_eligible_id: Option<&'a str>,
    /// Pathway followed.
    pub pathway_id: Option<&'a str>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// When the answer is due, while in progress.
    pub due_at: Option<DateTime<Utc>>,
}

/// Writes where a case and each of its lines stand; the order itself is as it was.
pub async fn stand(conn: &mut PgConnection, standing: &Standing<'_>, lines: &LineColumns<'_>) -> Result<()> {
    sqlx::query!(
        "update cases set status = $2, order_id = $3, pathway_eligible_id = $4, pathway_id = $5, decided_at = $6, closed_at = $6, due_at = $7
         where case_id = $1 and shard = $8",
        standing.case_id,
        standing.status,
        standing.order_id,
        standing.pathway_eligible_id,
        standing.pathway_id,
        standing.decided_at,
        standing.due_at,
        shard_of(standing.case_id),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update case_lines as line set status = moved.status, units_approved = moved.units, visits_approved = moved.visits,
           valid_from = moved.valid_from, valid_through = moved.valid_through
         from unnest($2::int[], $3::text[], $4::bigint[], $5::int[], $6::date[], $7::date[])
           as moved (line, status, units, visits, valid_from, valid_through)
         where line.case_id = $1 and line.shard = $8 and line.line = moved.line",
        standing.case_id,
        &lines.line,
        &lines.status as &[&str],
        &lines.units_approved as &[Option<i64>],
        &lines.visits_approved as &[Option<i32>],
        &lines.valid_from as &[Option<NaiveDate>],
        &lines.valid_through as &[Option<NaiveDate>],
        shard_of(standing.case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores the awards of a case that was just approved; those it has already stay.
pub async fn award(conn: &mut PgConnection, case_id: Uuid, awards: &AwardColumns<'_>) -> Result<()> {
    sqlx::query!(
        "insert into s_code_awards (case_id, code, times, billable_from, billable_through, shard)
         select $1, award.*, $6 from unnest($2::text[], $3::int[], $4::date[], $5::date[]) as award
         on conflict (case_id, code, shard) do nothing",
        case_id,
        &awards.code as &[&str],
        &awards.times,
        &awards.billable_from,
        &awards.billable_through,
        shard_of(case_id),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Voids what was not billed yet of a case's awards, from a day on (SCD-13), because of a later case where one is given. Says which codes.
/// Without one the case itself gave its treatment up: what a later case voided before stays void whatever becomes of that one.
pub async fn void_unbilled(
    conn: &mut PgConnection,
    case_id: Uuid,
    on: NaiveDate,
    reason: &str,
    by: Option<Uuid>,
) -> Result<Vec<String>> {
    let codes = sqlx::query_scalar!(
        "update s_code_awards as award set voided_on = least(voided_on, $2), void_reason = $3, voided_by = $4
         where case_id = $1 and shard = $5 and (voided_on is null or (voided_by is not null and $4::uuid is null)) and times > (
           select count(*) from s_code_claims claim
           where claim.case_id = $1 and claim.shard = $5 and claim.code = award.code and claim.accepted)
         returning code",
        case_id,
        on,
        reason,
        by,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(codes)
}

/// Makes awards good again that a later case voided, unless it is the one given and from that day. Says which codes.
pub async fn restore_voided(conn: &mut PgConnection, case_id: Uuid, unless: Option<(Uuid, NaiveDate)>) -> Result<Vec<String>> {
    let (by, on) = unless.unzip();
    let codes = sqlx::query_scalar!(
        "update s_code_awards set voided_on = null, void_reason = null, voided_by = null
         where case_id = $1 and shard = $4 and voided_by is not null and (voided_by, voided_on) is distinct from ($2::uuid, $3::date) returning code",
        case_id,
        by,
        on,
        shard_of(case_id),
    )
    .fetch_all(conn)
    .await?;
    Ok(codes)
}
