/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/engine/reconcile.h"

#include "agent/ipc/capture.h"

void reconcile_record(struct reconcile *reconcile, const struct reconcile_record *record)
{
	reconcile->records[reconcile->record_next] = *record;
	reconcile->record_next = (reconcile->record_next + 1) % RECONCILE_RECORDS_MAX;
}

bool reconcile_report(struct reconcile *reconcile, const struct reconcile_report *report)
{
	if (reconcile->report_count == RECONCILE_REPORTS_MAX)
		return false;
	reconcile->reports[reconcile->report_count++] = *report;
	return true;
}

/* Records of one process are coalesced, whatever it captured with: a display, or the bus. */
static bool is_bus(uint16_t method)
{
	return method >= CAPTURE_PORTAL_SCREENSHOT && method < CAPTURE_METHOD_MAX;
}

static bool is_of(const struct reconcile_record *record, const struct reconcile_report *report)
{
	return record->tgid && (!report->pid || record->tgid == report->pid) &&
	       is_bus(record->method) == is_bus(report->method) &&
	       record->at_ms + RECONCILE_WINDOW_MS >= report->at_ms;
}

/* A call on the bus is heard before it is refused; a server carries out what it was let read. */
static bool is_answered(const struct reconcile_record *record)
{
	return !record->is_refused || is_bus(record->method);
}

static enum reconcile_verdict compare(
	const struct reconcile *reconcile, const struct reconcile_report *report)
{
	enum reconcile_verdict verdict = RECONCILE_UNSEEN;

	for (unsigned int i = 0; i < RECONCILE_RECORDS_MAX; i++) {
		const struct reconcile_record *record = &reconcile->records[i];

		if (!is_of(record, report))
			continue;
		if (is_answered(record))
			return RECONCILE_AGREES;
		verdict = RECONCILE_REFUSED;
	}
	return verdict;
}

bool reconcile_next(struct reconcile *reconcile, uint64_t now_ms,
	struct reconcile_report *ret_report, enum reconcile_verdict *ret_verdict)
{
	struct reconcile_report *first = &reconcile->reports[0];
	bool is_full = reconcile->report_count == RECONCILE_REPORTS_MAX;

	if (!reconcile->report_count || (!is_full && first->at_ms + RECONCILE_SETTLE_MS > now_ms))
		return false;
	*ret_report = *first;
	*ret_verdict = compare(reconcile, first);
	reconcile->report_count--;
	for (unsigned int i = 0; i < reconcile->report_count; i++)
		reconcile->reports[i] = reconcile->reports[i + 1];
	return true;
}
