/* SPDX-License-Identifier: Apache-2.0 */
/* store.h for whichever database it is: which one its name says, and what is the same for all. */
#include "console/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "console/store/engine.h"
#include "console/store/postgres/problem.h"

bool store_is_address(const char *path)
{
	return !strncmp(path, "postgresql://", strlen("postgresql://"));
}

const char *store_problem(void)
{
	return pg_problem();
}

const char *store_error(int r)
{
	static char text[600];
	const char *words = r == -EHOSTUNREACH ? "the database cannot be reached"
			    : r == -EDEADLK    ? "another console changes the same"
			    : r == -ETIMEDOUT  ? "another console changes the same for too long"
			    : r == -EBUSY      ? "another console does it"
			    : r == -EOPNOTSUPP ? "the database does not keep what it acknowledges"
			    : r == -EROFS      ? "the database may only be read"
			    : r == -EPROTO
				    ? "it is of a newer holdfast-console, or none of its databases"
				    : strerror(-r);

	if (!store_problem()[0])
		return words;
	(void)snprintf(text, sizeof(text), "%s: %s", words, store_problem());
	return text;
}

static const struct store_engine *engine_of(const char *path)
{
	return store_is_address(path) ? &postgres_engine : &sqlite_engine;
}

int store_open(const char *path, enum store_access access, struct store **ret_store)
{
	return engine_of(path)->open(path, access, ret_store);
}

int store_backup(const char *from, const char *to)
{
	return engine_of(from)->backup(from, to);
}

void store_free(struct store *store)
{
	if (!store)
		return;
	store_rollback(store);
	store->engine->free(store);
}

bool store_is_writing(const struct store *store)
{
	return store->is_writing;
}

bool store_is_shared(const struct store *store)
{
	return store->is_shared;
}

int store_begin(struct store *store)
{
	int r = store->engine->begin(store);

	store->is_writing = r == 0;
	return r;
}

int store_commit(struct store *store)
{
	int r = store->engine->commit(store);

	if (r == 0)
		store->is_writing = false;
	return r;
}

void store_rollback(struct store *store)
{
	if (!store->is_writing)
		return;
	store->is_writing = false;
	store->engine->rollback(store);
}

int store_mark(struct store *store)
{
	return store->engine->mark(store);
}

int store_mark_undo(struct store *store)
{
	return store->engine->mark_undo(store);
}

int store_mark_keep(struct store *store)
{
	return store->engine->mark_keep(store);
}

int store_get(struct store *store, const char *name, char *ret_value, size_t size)
{
	return store->engine->get(store, name, ret_value, size);
}

int store_set(struct store *store, const char *name, const char *value)
{
	return store->engine->set(store, name, value);
}

int store_tenant_set(struct store *store, const char *uid)
{
	return store->engine->tenant_set(store, uid);
}

int store_tenant(struct store *store, char *ret_uid, size_t size)
{
	return store->engine->tenant(store, ret_uid, size);
}

int store_device_add(struct store *store, struct store_device *device)
{
	return store->engine->device_add(store, device);
}

int store_device_lock(struct store *store, int64_t id, struct store_device *ret_device)
{
	return store->engine->device_lock(store, id, ret_device);
}

int store_device_by_id(struct store *store, int64_t id, struct store_device *ret_device)
{
	return store->engine->device_by_id(store, id, ret_device);
}

int store_device_by_uid(
	struct store *store, const uint8_t uid[CONSOLE_UID_SIZE], struct store_device *ret_device)
{
	return store->engine->device_by_uid(store, uid, ret_device);
}

int store_device_by_key(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], struct store_device *ret_device)
{
	return store->engine->device_by_key(store, key, ret_device);
}

int store_devices(
	struct store *store, int64_t after, struct store_device *ret_devices, unsigned int most)
{
	return store->engine->devices(store, after, ret_devices, most);
}

int store_devices_named(
	struct store *store, const char *host, struct store_device *ret_devices, unsigned int most)
{
	return store->engine->devices_named(store, host, ret_devices, most);
}

int store_device_set_state(struct store *store, int64_t id, uint8_t state, const char *who,
	const char *why, int64_t now_ms)
{
	return store->engine->device_set_state(store, id, state, who, why, now_ms);
}

int store_device_set_word(struct store *store, int64_t id, uint64_t word)
{
	return store->engine->device_set_word(store, id, word);
}

int store_device_set_key(
	struct store *store, int64_t id, const uint8_t key[CONSOLE_HASH_SIZE], int64_t now_ms)
{
	return store->engine->device_set_key(store, id, key, now_ms);
}

int store_device_seen(struct store *store, int64_t id, const char *address, int64_t now_ms)
{
	return store->engine->device_seen(store, id, address, now_ms);
}

int store_device_describe(
	struct store *store, int64_t id, const char *host, const char *os, const char *details)
{
	return store->engine->device_describe(store, id, host, os, details);
}

int store_device_details(struct store *store, int64_t id, char ret_json[STORE_DETAILS_SIZE])
{
	return store->engine->device_details(store, id, ret_json);
}

int store_device_advance(struct store *store, const struct store_device *device)
{
	return store->engine->device_advance(store, device);
}

int store_devices_restored(struct store *store)
{
	return store->engine->devices_restored(store);
}

int store_changes(
	struct store *store, int64_t device, struct store_change *ret_changes, unsigned int most)
{
	return store->engine->changes(store, device, ret_changes, most);
}

int store_certificate_add(struct store *store, const struct store_certificate *certificate)
{
	return store->engine->certificate_add(store, certificate);
}

int store_certificate_find(struct store *store, const uint8_t fingerprint[CONSOLE_HASH_SIZE],
	struct store_certificate *ret_certificate)
{
	return store->engine->certificate_find(store, fingerprint, ret_certificate);
}

int store_certificate_key_owner(
	struct store *store, const uint8_t key[CONSOLE_HASH_SIZE], int64_t *ret_device)
{
	return store->engine->certificate_key_owner(store, key, ret_device);
}

int store_certificate_used(
	struct store *store, int64_t device, const uint8_t fingerprint[CONSOLE_HASH_SIZE])
{
	return store->engine->certificate_used(store, device, fingerprint);
}

int store_certificates(struct store *store, int64_t device,
	struct store_certificate *ret_certificates, unsigned int most)
{
	return store->engine->certificates(store, device, ret_certificates, most);
}

int store_policy_add(struct store *store, const struct store_policy *policy, const void *bundle)
{
	return store->engine->policy_add(store, policy, bundle);
}

int store_policy_get(struct store *store, uint64_t version, struct store_policy *ret_policy)
{
	return store->engine->policy_get(store, version, ret_policy);
}

int store_policy_bundle(
	struct store *store, uint64_t version, uint8_t **ret_bytes, size_t *ret_size)
{
	return store->engine->policy_bundle(store, version, ret_bytes, ret_size);
}

int store_policies(struct store *store, struct store_policy *ret_policies, unsigned int most)
{
	return store->engine->policies(store, ret_policies, most);
}

int store_policy_set_percent(struct store *store, uint64_t version, uint32_t percent)
{
	return store->engine->policy_set_percent(store, version, percent);
}

int store_policy_last(struct store *store, uint64_t *ret_version)
{
	return store->engine->policy_last(store, ret_version);
}

int store_policy_candidates(struct store *store, int64_t device, uint64_t have,
	struct store_candidate *ret_candidates, unsigned int most)
{
	return store->engine->policy_candidates(store, device, have, ret_candidates, most);
}

int store_tag_add(struct store *store, int64_t device, const char *tag)
{
	return store->engine->tag_add(store, device, tag);
}

int store_tag_remove(struct store *store, int64_t device, const char *tag)
{
	return store->engine->tag_remove(store, device, tag);
}

int store_tags(struct store *store, int64_t device, char *ret_tags, size_t size)
{
	return store->engine->tags(store, device, ret_tags, size);
}

int store_receipt_sent(struct store *store, int64_t device, uint64_t version, int64_t now_ms)
{
	return store->engine->receipt_sent(store, device, version, now_ms);
}

int store_receipt_applied(struct store *store, int64_t device, const struct store_receipt *receipt)
{
	return store->engine->receipt_applied(store, device, receipt);
}

int store_receipt_refused(struct store *store, int64_t device, const char *code, int64_t time_ms)
{
	return store->engine->receipt_refused(store, device, code, time_ms);
}

int store_receipt(struct store *store, int64_t device, struct store_receipt *ret_receipt)
{
	return store->engine->receipt(store, device, ret_receipt);
}

int store_fleet(struct store *store, bool (*visit)(const struct store_fleet *fleet, void *userdata),
	void *userdata)
{
	return store->engine->fleet(store, visit, userdata);
}

int store_token_add(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *token)
{
	return store->engine->token_add(store, hash, token);
}

int store_token_find(
	struct store *store, const uint8_t hash[CONSOLE_HASH_SIZE], struct store_token *ret_token)
{
	return store->engine->token_find(store, hash, ret_token);
}

int store_token_get(struct store *store, int64_t id, struct store_token *ret_token)
{
	return store->engine->token_get(store, id, ret_token);
}

int store_token_use(struct store *store, int64_t id)
{
	return store->engine->token_use(store, id);
}

int store_token_revoke(struct store *store, int64_t id)
{
	return store->engine->token_revoke(store, id);
}

int store_tokens(
	struct store *store, int64_t after, struct store_token *ret_tokens, unsigned int most)
{
	return store->engine->tokens(store, after, ret_tokens, most);
}

int store_ticket_show(
	struct store *store, int64_t device, const char *id, int64_t expires_ms, int64_t now_ms)
{
	return store->engine->ticket_show(store, device, id, expires_ms, now_ms);
}

int store_administrator_add(
	struct store *store, const char *name, const char *hash, bool is_one_time, int64_t now_ms)
{
	return store->engine->administrator_add(store, name, hash, is_one_time, now_ms);
}

int store_administrator_count(struct store *store, int64_t *ret_count)
{
	return store->engine->administrator_count(store, ret_count);
}

int store_audit_add(struct store *store, const struct store_audit *audit)
{
	return store->engine->audit_add(store, audit);
}

int store_audit_last(struct store *store, struct store_audit *ret_audit)
{
	return store->engine->audit_last(store, ret_audit);
}

int store_audits(
	struct store *store, int64_t after, struct store_audit *ret_audits, unsigned int most)
{
	return store->engine->audits(store, after, ret_audits, most);
}

int store_record_add(struct store *store, const struct store_record *record)
{
	return store->engine->record_add(store, record);
}

int store_record_link(
	struct store *store, int64_t device, uint64_t first, uint8_t ret_link[CONSOLE_HASH_SIZE])
{
	return store->engine->record_link(store, device, first, ret_link);
}

int store_account_add(
	struct store *store, int64_t device, const struct store_account *account, int64_t now_ms)
{
	return store->engine->account_add(store, device, account, now_ms);
}

int store_accounts(
	struct store *store, int64_t device, struct store_account *ret_accounts, unsigned int most)
{
	return store->engine->accounts(store, device, ret_accounts, most);
}

int store_tally_add(struct store *store, const struct store_tally *tally)
{
	return store->engine->tally_add(store, tally);
}

int store_tallies(struct store *store, int64_t since_day,
	bool (*visit)(const struct store_tally *tally, void *userdata), void *userdata)
{
	return store->engine->tallies(store, since_day, visit, userdata);
}

int store_user_seen(struct store *store, int64_t device, const struct store_user *user)
{
	return store->engine->user_seen(store, device, user);
}

int store_users(
	struct store *store, int64_t device, struct store_user *ret_users, unsigned int most)
{
	return store->engine->users(store, device, ret_users, most);
}

int store_user_devices(struct store *store, const char *name, int64_t after,
	struct store_device *ret_devices, unsigned int most)
{
	return store->engine->user_devices(store, name, after, ret_devices, most);
}

int store_seal_used(struct store *store, int64_t device, int64_t made_ms)
{
	return store->engine->seal_used(store, device, made_ms);
}

int store_seal_waiting(struct store *store, int64_t replaced_ms, int64_t *ret_count)
{
	return store->engine->seal_waiting(store, replaced_ms, ret_count);
}

int store_key_add(struct store *store, const struct store_key *key)
{
	return store->engine->key_add(store, key);
}

int store_keys(
	struct store *store, const uint8_t *label, struct store_key *ret_keys, unsigned int most)
{
	return store->engine->keys(store, label, ret_keys, most);
}

int store_key_destroy(struct store *store, const struct store_key *key, const char *receipt)
{
	return store->engine->key_destroy(store, key, receipt);
}

int store_key_receipt(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	uint32_t generation, char ret_text[STORE_RECEIPT_SIZE])
{
	return store->engine->key_receipt(store, label, generation, ret_text);
}

int store_key_terms_set(struct store *store, const struct store_key_terms *terms)
{
	return store->engine->key_terms_set(store, terms);
}

int store_key_terms(struct store *store, const uint8_t label[CONSOLE_UID_SIZE],
	struct store_key_terms *ret_terms)
{
	return store->engine->key_terms(store, label, ret_terms);
}

int store_key_question_add(
	struct store *store, const struct store_key_question *question, int64_t since_ms)
{
	return store->engine->key_question_add(store, question, since_ms);
}

int store_key_questions(struct store *store, int64_t device, int64_t since_ms, int64_t *ret_count)
{
	return store->engine->key_questions(store, device, since_ms, ret_count);
}

int store_mark_subject(
	struct store *store, int64_t device, uint32_t uid, int64_t now_ms, uint32_t *ret_subject)
{
	return store->engine->mark_subject(store, device, uid, now_ms, ret_subject);
}

int store_mark_named(struct store *store, int64_t device, uint32_t uid, const char *name)
{
	return store->engine->mark_named(store, device, uid, name);
}

int store_mark_owner(struct store *store, uint32_t subject, struct store_mark *ret_mark)
{
	return store->engine->mark_owner(store, subject, ret_mark);
}

int store_order_add(struct store *store, const struct store_order *order)
{
	return store->engine->order_add(store, order);
}

int store_order_set(struct store *store, const struct store_order *order, const char *receipt)
{
	return store->engine->order_set(store, order, receipt);
}

int store_order_last(struct store *store, int64_t device, struct store_order *ret_order)
{
	return store->engine->order_last(store, device, ret_order);
}

int store_order_receipt(struct store *store, int64_t device, uint64_t number,
	char ret_text[STORE_ORDER_RECEIPT_SIZE])
{
	return store->engine->order_receipt(store, device, number, ret_text);
}

int store_finding_add(struct store *store, const struct store_finding *finding)
{
	return store->engine->finding_add(store, finding);
}

int store_findings(
	struct store *store, int64_t device, struct store_finding *ret_findings, unsigned int most)
{
	return store->engine->findings(store, device, ret_findings, most);
}

int store_events(struct store *store, const struct store_filter *filter,
	struct store_cursor *cursor, unsigned int look,
	bool (*visit)(const struct store_found *found, void *userdata), void *userdata)
{
	return store->engine->events(store, filter, cursor, look, visit, userdata);
}

int store_event_last(struct store *store, struct store_place *ret_place)
{
	return store->engine->event_last(store, ret_place);
}

int store_event_since(struct store *store, int64_t since_ms, struct store_place *ret_place)
{
	return store->engine->event_since(store, since_ms, ret_place);
}

int store_export_get(struct store *store, const char *name, struct store_export *ret_export)
{
	return store->engine->export_get(store, name, ret_export);
}

int store_export_set(struct store *store, const struct store_export *export)
{
	return store->engine->export_set(store, export);
}

int store_export_hold(struct store *store, const char *name, int64_t lease_ms)
{
	return store->engine->export_hold(store, name, lease_ms);
}

int store_exports(struct store *store, struct store_export *ret_exports, unsigned int most)
{
	return store->engine->exports(store, ret_exports, most);
}

int store_totals(struct store *store, struct store_totals *ret_totals)
{
	return store->engine->totals(store, ret_totals);
}

int store_notice_add(struct store *store, int64_t device)
{
	return store->engine->notice_add(store, device);
}

int store_notices(struct store *store, int64_t ret_devices[STORE_NOTICES_MAX])
{
	return store->engine->notices(store, ret_devices);
}
