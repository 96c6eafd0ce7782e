"""Every query of the dashboard, one function each: its table of MART, its grain, and its measures.

The warehouse aggregates; lists have a limit. `$name` marks a bound value. All days are UTC.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta

LIST_LIMIT = 15
PICKER_LIMIT = 200
ACCOUNT_LIMIT = 1000


@dataclass(frozen=True)
class Query:
    """SQL that both engines run, and the values of its `$names`."""

    sql: str
    values: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class Filters:
    """The selected rows: days, both included; no region or account means all."""

    first_day: date
    last_day: date
    region: str | None = None
    account_id: int | None = None

    @property
    def day_count(self) -> int:
        """The number of days of the period."""
        return (self.last_day - self.first_day).days + 1

    @property
    def step(self) -> str:
        """The step of a trend: day, week or month, for about thirty points at most."""
        return "day" if self.day_count <= 31 else "week" if self.day_count <= 200 else "month"

    def previous(self) -> "Filters":
        """Return the previous period of the same length, with the same region and account."""
        length = timedelta(days=self.day_count)
        return replace(self, first_day=self.first_day - length, last_day=self.last_day - length)

    def query(self, sql: str, day: str | None = None, **more: object) -> Query:
        """Return SQL with the filters in place of `{where}`; `day` is the column of days, if it has one."""
        values: dict[str, object] = {"first_day": self.first_day, "last_day": self.last_day} if day else {}
        tests = [f"{day} between $first_day and $last_day"] if day else []
        if self.region:
            tests.append("region = $region")
            values["region"] = self.region
        if self.account_id is not None:
            tests.append("account_id = $account_id")
            values["account_id"] = self.account_id
        where = "where " + " and ".join(tests) if tests else ""
        return Query(sql.replace("{where}", where), tuple((values | more).items()))


def data_status() -> Query:
    """rpt_data_status, a row for each table of RAW."""
    return Query("select * from MART.rpt_data_status order by source_name, table_name limit 100")


def first_day() -> Query:
    """rpt_daily_engagement: the first day of sending; one row."""
    return Query("select min(sent_on) as first_day from MART.rpt_daily_engagement")


def regions() -> Query:
    """dim_accounts: the regions."""
    return Query("select region from MART.dim_accounts where account_id <> -1 group by region order by region limit 50")


def accounts(region: str | None) -> Query:
    """dim_accounts, an account a row, by name: the options of the account filter."""
    where = "and region = $region " if region else ""
    return Query(
        "select account_id, account_name from MART.dim_accounts where account_id <> -1 "
        f"{where}order by account_name, account_id limit {ACCOUNT_LIMIT}",
        (("region", region),) if region else (),
    )


ENGAGEMENT = """
    coalesce(sum(sent_count), 0) as sent_count,
    coalesce(sum(delivered_count), 0) as delivered_count,
    coalesce(sum(unique_open_count), 0) as unique_open_count,
    coalesce(sum(machine_only_open_count), 0) as machine_only_open_count,
    coalesce(sum(unique_click_count), 0) as unique_click_count"""


def engagement(filters: Filters) -> Query:
    """rpt_daily_engagement, summed over the period: messages by outcome; one row."""
    return filters.query(f"select {ENGAGEMENT} from MART.rpt_daily_engagement {{where}}", "sent_on")


def engagement_trend(filters: Filters) -> Query:
    """rpt_daily_engagement, summed by the period's step: messages by the day they were sent."""
    return filters.query(
        f"select cast(date_trunc('{filters.step}', sent_on) as date) as starts_on, {ENGAGEMENT} "
        "from MART.rpt_daily_engagement {where} group by 1 order by 1",
        "sent_on",
    )


def billed(filters: Filters) -> Query:
    """fct_invoices of the period: the amount billed before tax, and how much of it is paid; one row.

    Drafts, void invoices and deleted invoices do not count.
    """
    return filters.query(
        "select coalesce(sum(subtotal_usd), 0) as billed_usd, "
        "coalesce(sum(case when invoice_status = 'paid' then subtotal_usd end), 0) as paid_usd, "
        "count(*) as invoice_count from MART.fct_invoices {where} "
        "and invoice_status not in ('draft', 'void') and not is_deleted",
        "issued_on",
    )


def billed_trend(filters: Filters) -> Query:
    """fct_invoices by the period's step: the amount billed before tax, paid and unpaid."""
    return filters.query(
        f"select cast(date_trunc('{filters.step}', issued_on) as date) as starts_on, "
        "coalesce(sum(case when invoice_status = 'paid' then subtotal_usd end), 0) as paid_usd, "
        "coalesce(sum(case when invoice_status <> 'paid' then subtotal_usd end), 0) as unpaid_usd "
        "from MART.fct_invoices {where} and invoice_status not in ('draft', 'void') and not is_deleted "
        "group by 1 order by 1",
        "issued_on",
    )


def mrr_months(filters: Filters) -> Query:
    """fct_mrr_movements, summed by the months of the period: MRR at the end, gained and lost in the month.

    A month without movements has no row.
    """
    return filters.query(
        "with months as ("
        "select month_starts_on, sum(change_usd) as change_usd, "
        "sum(case when change_usd > 0 then change_usd else 0 end) as gained_usd, "
        "sum(case when change_usd < 0 then change_usd else 0 end) as lost_usd "
        "from MART.fct_mrr_movements {where} group by month_starts_on), "
        "running as (select month_starts_on, gained_usd, lost_usd, "
        "sum(change_usd) over (order by month_starts_on rows unbounded preceding) as mrr_usd from months) "
        "select * from running where month_starts_on between $first_month and $last_day order by 1 limit 600",
        first_month=filters.first_day.replace(day=1),
        last_day=filters.last_day,
    )


def campaigns(filters: Filters) -> Query:
    """rpt_campaign_performance, a campaign a row, the newest first: the options of the campaign filter."""
    return filters.query(
        "select campaign_id, campaign_name, account_name, sent_at from MART.rpt_campaign_performance "
        f"{{where}} and campaign_id <> -1 order by sent_at desc, campaign_id limit {PICKER_LIMIT}",
        "cast(sent_at as date)",
    )


def campaign(campaign_id: int) -> Query:
    """rpt_campaign_performance, the row of one campaign; none if it is unknown."""
    return Query(
        "select campaign_name, account_name, sent_at, sent_count, delivered_count, unique_open_count, "
        "unique_machine_open_count, unique_click_count, complaint_count, unsubscribe_count, "
        "hard_bounce_count, soft_bounce_count "
        "from MART.rpt_campaign_performance where campaign_id = $campaign_id",
        (("campaign_id", campaign_id),),
    )


def campaign_revenue(campaign_id: int) -> Query:
    """fct_campaign_revenue, the paid invoices that are attributed to one campaign; one row."""
    return Query(
        "select coalesce(sum(attributed_usd), 0) as attributed_usd, count(*) as invoice_count "
        "from MART.fct_campaign_revenue where campaign_id = $campaign_id",
        (("campaign_id", campaign_id),),
    )


def campaign_hours(campaign_id: int) -> Query:
    """rpt_campaign_hours of one campaign, a row for each weekday and hour with an event: 168 at most."""
    return Query(
        "select day_of_week, hour_of_day, human_open_count, click_count "
        "from MART.rpt_campaign_hours where campaign_id = $campaign_id order by 1, 2",
        (("campaign_id", campaign_id),),
    )


DELIVERY = """
    coalesce(sum(sent_count), 0) as sent_count,
    coalesce(sum(delivered_count), 0) as delivered_count,
    coalesce(sum(deferred_count), 0) as deferred_count,
    coalesce(sum(hard_bounce_count), 0) as hard_bounce_count,
    coalesce(sum(soft_bounce_count), 0) as soft_bounce_count,
    coalesce(sum(complaint_count), 0) as complaint_count"""
# rpt_deliverability has no accounts; for one account, fct_messages is counted.
ACCOUNT_DELIVERY = """
    count(*) as sent_count,
    count(case when message_outcome = 'delivered' then 1 end) as delivered_count,
    count(case when deferral_count > 0 then 1 end) as deferred_count,
    count(case when message_outcome = 'hard_bounced' then 1 end) as hard_bounce_count,
    count(case when message_outcome = 'soft_bounced' then 1 end) as soft_bounce_count,
    count(complained_at) as complaint_count"""


def deliverability(filters: Filters, by: str = "") -> Query:
    """rpt_deliverability (of one account: fct_messages) over the period; one row, or one for each of `by`.

    Args:
        filters: the period, region and account.
        by: mailbox_provider, sending_domain (both: most sent first), or nothing.
    """
    measures, table = (
        (DELIVERY, "rpt_deliverability") if filters.account_id is None else (ACCOUNT_DELIVERY, "fct_messages")
    )
    if filters.account_id is not None:
        filters = replace(filters, region=None)  # messages have no region, and an account has only one
    group = f"group by {by} order by sent_count desc, {by} limit {LIST_LIMIT}" if by else ""
    key = f"{by}, " if by else ""
    return filters.query(f"select {key}{measures} from MART.{table} {{where}} {group}", "sent_on")


def suppression_breaches(filters: Filters) -> Query:
    """rpt_suppression_breaches of the period: messages that were sent against a suppression, by rule."""
    return filters.query(
        "select broken_rule, count(*) as message_count from MART.rpt_suppression_breaches {where} "
        "group by broken_rule order by message_count desc limit 20",
        "cast(sent_at as date)",
    )


LIST_SUMS = """
    coalesce(sum(joined_count), 0) as joined_count,
    coalesce(sum(unsubscribed_count), 0) as unsubscribed_count,
    coalesce(sum(cleaned_count), 0) as cleaned_count,
    coalesce(sum(deleted_count), 0) as deleted_count,
    coalesce(sum(member_count), 0) as member_count"""


def list_months(filters: Filters) -> Query:
    """rpt_list_health, summed by the months of the period: memberships that began and ended."""
    filters = replace(filters, first_day=filters.first_day.replace(day=1))
    return filters.query(
        f"select month_starts_on, {LIST_SUMS} from MART.rpt_list_health {{where}} group by 1 order by 1 limit 600",
        "month_starts_on",
    )


def shrinking_lists(filters: Filters) -> Query:
    """rpt_list_health, a list a row, most lost memberships first, over the months of the period."""
    filters = replace(filters, first_day=filters.first_day.replace(day=1))
    return filters.query(
        "select list_name, sum(joined_count) as joined_count, "
        "sum(unsubscribed_count + cleaned_count + deleted_count) as left_count, "
        "sum(net_growth_count) as net_growth_count "
        "from MART.rpt_list_health {where} group by list_id, list_name "
        f"order by left_count desc, list_name limit {LIST_LIMIT}",
        "month_starts_on",
    )


def survival(filters: Filters) -> Query:
    """rpt_list_survival, summed by month since joining; the period does not count: a curve needs every membership."""
    return filters.query(
        "select month_number, sum(at_risk_count) as at_risk_count, sum(left_count) as left_count "
        "from MART.rpt_list_survival {where} group by month_number order by month_number limit 240"
    )


def completeness(filters: Filters) -> Query:
    """rpt_daily_engagement of the period, one row: messages, those without an outcome, those of unknown accounts."""
    return filters.query(
        "select coalesce(sum(sent_count), 0) as sent_count, "
        "coalesce(sum(sent_count - delivered_count - hard_bounce_count - soft_bounce_count), 0) as pending_count, "
        "coalesce(sum(case when account_id = -1 then sent_count end), 0) as unknown_account_count "
        "from MART.rpt_daily_engagement {where}",
        "sent_on",
    )


def restatements(filters: Filters) -> Query:
    """rpt_restatements of the period, by step: events that were added to days after these were reported."""
    filters = replace(filters, region=None, account_id=None)
    return filters.query(
        f"select cast(date_trunc('{filters.step}', occurred_on) as date) as starts_on, "
        "sum(added_count) as added_count, count(distinct load_id) as load_count "
        "from MART.rpt_restatements {where} group by 1 order by 1",
        "occurred_on",
    )


def cost(filters: Filters) -> Query:
    """rpt_pipeline_cost of the period, summed by pipeline; empty on DuckDB, which has no metering."""
    filters = replace(filters, region=None, account_id=None)
    return filters.query(
        "select pipeline, sum(cost_usd) as cost_usd, sum(credits) as credits, sum(row_count) as row_count "
        "from MART.rpt_pipeline_cost {where} group by pipeline order by cost_usd desc, pipeline limit 20",
        "cost_on",
    )
