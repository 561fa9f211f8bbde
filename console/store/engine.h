/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands behind store.h: one table of functions for each kind of database. A function that is
 * added to store.h is named here, forwarded in store.c, and written in the room of each engine.
 */
#ifndef HOLDFAST_CONSOLE_STORE_ENGINE_H
#define HOLDFAST_CONSOLE_STORE_ENGINE_H

#include "console/store/store_keys.h"

/* Those that an engine has, by their names without "store_". */
/* clang-format off */
#define STORE_CALLS(CALL) \
	CALL(begin) CALL(commit) CALL(rollback) CALL(mark) CALL(mark_undo) \
	CALL(mark_keep) \
	CALL(get) CALL(set) CALL(tenant_set) CALL(tenant) \
	CALL(device_add) CALL(device_lock) CALL(device_by_id) CALL(device_by_uid) CALL(device_by_key) \
	CALL(devices) CALL(devices_named) CALL(device_set_state) CALL(device_set_word) CALL(device_set_key) \
	CALL(device_seen) CALL(device_describe) CALL(device_details) \
	CALL(device_advance) CALL(devices_restored) CALL(changes) \
	CALL(certificate_add) CALL(certificate_find) CALL(certificate_key_owner) \
	CALL(certificate_used) CALL(certificates) \
	CALL(policy_add) CALL(policy_get) CALL(policy_bundle) CALL(policies) \
	CALL(policy_set_percent) CALL(policy_last) CALL(policy_candidates) \
	CALL(tag_add) CALL(tag_remove) CALL(tags) \
	CALL(receipt_sent) CALL(receipt_applied) CALL(receipt_refused) CALL(receipt) \
	CALL(fleet) \
	CALL(token_add) CALL(token_find) CALL(token_get) CALL(token_use) \
	CALL(token_revoke) CALL(tokens) CALL(ticket_show) \
	CALL(administrator_add) CALL(administrator_count) \
	CALL(audit_add) CALL(audit_last) CALL(audits) CALL(notice_add) CALL(notices) \
	CALL(record_add) CALL(record_link) CALL(account_add) CALL(accounts) \
	CALL(tally_add) CALL(tallies) \
	CALL(user_seen) CALL(users) CALL(user_devices) CALL(seal_used) CALL(seal_waiting) CALL(key_add) CALL(keys) CALL(key_destroy) \
	CALL(mark_subject) CALL(mark_named) CALL(mark_owner) CALL(order_add) CALL(order_set) CALL(order_last) CALL(order_receipt) \
	CALL(key_receipt) CALL(key_terms_set) CALL(key_terms) CALL(key_question_add) CALL(key_questions) \
	CALL(finding_add) CALL(findings) CALL(events) CALL(event_last) CALL(totals) \
	CALL(event_since) CALL(export_get) CALL(export_set) CALL(export_hold) CALL(exports)
/* clang-format on */

#define STORE_ENGINE_MEMBER(name) __typeof__(store_##name) *name;
struct store_engine {
	STORE_CALLS(STORE_ENGINE_MEMBER)
	__typeof__(store_open) *open;
	__typeof__(store_backup) *backup;
	__typeof__(store_free) *free; /* never in a transaction */
};

/* The first member of each engine's own. */
struct store {
	const struct store_engine *engine;
	bool is_shared;
	bool is_writing; /* store.c's */
};

extern const struct store_engine sqlite_engine, postgres_engine;

#endif
