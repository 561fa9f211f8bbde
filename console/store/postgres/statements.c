/* SPDX-License-Identifier: Apache-2.0 */
/* Declared up front, one per question; nothing of a request is ever put into a text. */
#include "console/store/postgres/statements.h"

#define DEVICE                                                                                   \
	"SELECT device.id, device.uid, state, tenant.uid, host, owner, os, address, key, token," \
	" first_seen_ms, last_seen_ms, ack, link, boot, segment, offered,"                       \
	" offered_ms, offers, is_restored, word"                                                 \
	" FROM device JOIN tenant ON tenant.id = device.tenant "

#define TOKEN                                                                              \
	"SELECT id, name, uses_left, used, made_ms, expires_ms, is_approving, is_revoked," \
	" made_by, owner, audience, tenant FROM token "

#define LABEL_KEY                                                                    \
	"SELECT label, generation, name, home, slot, wrapped, made_ms, replaced_ms," \
	" destroyed_ms FROM label_key "

#define EXPORT "SELECT name, place, delivered, moved_ms, is_rewound FROM export "
#define NOW_MS "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"

#define AUDIT "SELECT id, time_ms, who, act, what, before, after, link FROM audit "

#define POLICY                                                                              \
	"SELECT version, name, digest, key_id, made_ms, expires_ms, size, origin, percent," \
	" coalesce((SELECT string_agg(tag, ' ' ORDER BY tag) FROM policy_group"             \
	" WHERE policy_group.version = policy.version), ''), published_ms, who, why FROM policy "

/* One for each index; what else a filter asks is looked at row by row, a bounded number at a time. */
#define EVENT                                                                                 \
	"SELECT id, device, sequence, time_ms, class_uid, activity_id, severity_id, verdict," \
	" person, record, start, size FROM event "
#define OLDER                                        \
	"(time_ms, id) < ($1, $2) AND time_ms >= $3" \
	" ORDER BY time_ms DESC, id DESC LIMIT $4"

/* clang-format off */
const struct postgres_text postgres_statements[PG_STATEMENT_MAX] = {
	[PG_BEGIN] = {"", "BEGIN ISOLATION LEVEL READ COMMITTED", true},
	[PG_COMMIT] = {"", "COMMIT", true},
	[PG_ROLLBACK] = {"", "ROLLBACK", true},
	[PG_MARK] = {"", "SAVEPOINT mark", true},
	[PG_MARK_UNDO] = {"", "ROLLBACK TO SAVEPOINT mark", true},
	[PG_SETTINGS] = {"",
		"SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit',"
		" 'fsync', 'server_encoding')", true},
	[PG_VALUE_GET] = {"t", "SELECT value FROM value WHERE name = $1", false},
	[PG_VALUE_SET] = {"tt",
		"INSERT INTO value (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE"
		" SET value = excluded.value", false},
	[PG_TENANT_SET] = {"t", "UPDATE tenant SET uid = $1 WHERE id = 1", false},
	[PG_TENANT_GET] = {"", "SELECT uid FROM tenant WHERE id = 1", false},
	[PG_LANE_FIND] = {"t", "SELECT lane FROM lane WHERE name = $1", false},
	[PG_LANE_ADD] = {"ti",
		"INSERT INTO lane (lane, name, last) SELECT max(lane) + 1, $1, 0 FROM lane"
		" HAVING max(lane) + 1 < $2 ON CONFLICT DO NOTHING", false},
	[PG_LANE_LOCK] = {"i", "SELECT last FROM lane WHERE lane = $1 FOR UPDATE", false},
	[PG_LANE_SET] = {"ii", "UPDATE lane SET last = $2 WHERE lane = $1", false},
	[PG_LANE_ALL] = {"", "SELECT lane, last FROM lane WHERE lane > 0 AND last > 0", false},
	[PG_NOTICE_ADD] = {"ii",
		"WITH next AS (UPDATE lane SET last = last + 1 WHERE lane = 0 RETURNING last)"
		" INSERT INTO notice (number, teller, device) SELECT last, $1, $2 FROM next", false},
	[PG_NOTICE_TRIM] = {"i",
		"DELETE FROM notice WHERE number <= (SELECT last FROM lane WHERE lane = 0) - $1", false},
	[PG_NOTICE_LAST] = {"", "SELECT last FROM lane WHERE lane = 0", false},
	[PG_NOTICE_NEXT] = {"ii",
		"SELECT number, teller, device FROM notice WHERE number > $1 ORDER BY number"
		" LIMIT $2", false},
	[PG_DEVICE_ADD] = {"ibittttbii",
		"INSERT INTO device (id, uid, tenant, state, host, owner, os, address, key,"
		" token, first_seen_ms, last_seen_ms) VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8,"
		" $9, $10, $10) ON CONFLICT DO NOTHING", false},
	[PG_DEVICE_LOCK] = {"i", DEVICE "WHERE device.id = $1 FOR UPDATE OF device", false},
	[PG_DEVICE_BY_ID] = {"i", DEVICE "WHERE device.id = $1", false},
	[PG_DEVICE_BY_UID] = {"b", DEVICE "WHERE device.uid = $1", false},
	[PG_DEVICE_BY_KEY] = {"b", DEVICE "WHERE key = $1", false},
	[PG_DEVICE_NEXT] = {"ii",
		DEVICE "WHERE device.id > $1 ORDER BY device.id LIMIT $2", false},
	[PG_DEVICE_NAMED] = {"ti", DEVICE "WHERE host = $1 ORDER BY device.id LIMIT $2", false},
	[PG_DEVICE_STATE] = {"ii",
		"UPDATE device SET state = $2, word = word + 1 WHERE id = $1", false},
	[PG_DEVICE_WORD] = {"ii",
		"UPDATE device SET word = greatest(word, $2) WHERE id = $1", false},
	[PG_DEVICE_KEY] = {"ibi",
		"UPDATE device SET key = $2, last_seen_ms = $3 WHERE id = $1", false},
	[PG_DEVICE_SEEN] = {"iti",
		"UPDATE device SET address = $2, last_seen_ms = $3 WHERE id = $1", false},
	[PG_DEVICE_DESCRIBE] = {"ittt",
		"UPDATE device SET host = CASE WHEN $2 = '' THEN host ELSE $2 END, os = CASE"
		" WHEN $3 = '' THEN os ELSE $3 END, details = CASE WHEN $4 = '' THEN details"
		" ELSE $4 END WHERE id = $1", false},
	[PG_DEVICE_DETAILS] = {"i", "SELECT details FROM device WHERE id = $1", false},
	[PG_DEVICE_ADVANCE] = {"iibbiiiii",
		"UPDATE device SET ack = $2, link = $3, boot = $4, segment = $5, offered = $6,"
		" offered_ms = $7, offers = $8, is_restored = $9 WHERE id = $1", false},
	[PG_DEVICE_RESTORED] = {"",
		"UPDATE device SET is_restored = 1, offered = 0, offers = 0", false},
	[PG_DEVICE_COUNTS] = {"", "SELECT state, count(*) FROM device GROUP BY state", false},
	[PG_CHANGE_ADD] = {"iiitt",
		"INSERT INTO change (device, number, time_ms, was, became, who, why) SELECT id,"
		" (SELECT coalesce(max(number), 0) + 1 FROM change WHERE device = $1), $2,"
		" state, $3, $4, $5 FROM device WHERE id = $1", false},
	[PG_CHANGE_LAST] = {"ii",
		"SELECT time_ms, was, became, who, why FROM change WHERE device = $1 ORDER BY"
		" number DESC LIMIT $2", false},
	[PG_CERTIFICATE_ADD] = {"bibtiiib",
		"INSERT INTO certificate (fingerprint, device, key, serial, not_before_ms,"
		" not_after_ms, made_ms, der) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON"
		" CONFLICT DO NOTHING", false},
	[PG_CERTIFICATE_FIND] = {"b",
		"SELECT fingerprint, device, key, serial, not_before_ms, not_after_ms, made_ms,"
		" is_used, is_replaced, der FROM certificate WHERE fingerprint = $1", false},
	[PG_CERTIFICATE_KEY_OWNER] = {"b",
		"SELECT device FROM certificate WHERE key = $1 LIMIT 1", false},
	[PG_CERTIFICATE_USED] = {"b",
		"UPDATE certificate SET is_used = 1 WHERE fingerprint = $1", false},
	[PG_CERTIFICATE_REPLACE] = {"ib",
		"UPDATE certificate SET is_replaced = 1 WHERE device = $1 AND fingerprint <> $2"
		" AND is_replaced = 0", false},
	[PG_CERTIFICATE_LAST] = {"ii",
		"SELECT fingerprint, device, key, serial, not_before_ms, not_after_ms, made_ms,"
		" is_used, is_replaced FROM certificate WHERE device = $1 ORDER BY made_ms DESC,"
		" not_after_ms DESC, fingerprint LIMIT $2", false},
	[PG_TOKEN_ADD] = {"btiiiitttt",
		"INSERT INTO token (id, hash, name, uses_left, made_ms, expires_ms,"
		" is_approving, made_by, owner, audience, tenant) SELECT (SELECT coalesce(max(id), 0) + 1 FROM"
		" token), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 ON CONFLICT DO NOTHING RETURNING id", false},
	[PG_TOKEN_FIND] = {"b", TOKEN "WHERE hash = $1", false},
	[PG_TOKEN_GET] = {"i", TOKEN "WHERE id = $1", false},
	[PG_TOKEN_USE] = {"i",
		"UPDATE token SET used = used + 1, uses_left = CASE WHEN uses_left > 0 THEN"
		" uses_left - 1 ELSE uses_left END WHERE id = $1 AND uses_left <> 0", false},
	[PG_TOKEN_REVOKE] = {"i", "UPDATE token SET is_revoked = 1 WHERE id = $1", false},
	[PG_TOKEN_NEXT] = {"ii", TOKEN "WHERE id > $1 ORDER BY id LIMIT $2", false},
	[PG_TOKEN_COUNT] = {"i",
		"SELECT count(*) FROM token WHERE is_revoked = 0 AND uses_left <> 0 AND"
		" expires_ms > $1", false},
	[PG_TICKET_FORGET] = {"ii", "DELETE FROM ticket WHERE device = $1 AND expires_ms < $2",
		false},
	[PG_TICKET_SHOW] = {"iti",
		"INSERT INTO ticket (device, id, expires_ms) VALUES ($1, $2, $3)"
		" ON CONFLICT DO NOTHING", false},
	[PG_ADMINISTRATOR_ADD] = {"ttii",
		"INSERT INTO administrator (name, hash, is_one_time, made_ms) VALUES ($1, $2,"
		" $3, $4) ON CONFLICT DO NOTHING", false},
	[PG_ADMINISTRATOR_COUNT] = {"", "SELECT count(*) FROM administrator", false},
	[PG_AUDIT_ADD] = {"iitttttb",
		"INSERT INTO audit (id, time_ms, who, act, what, before, after, link)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING", false},
	[PG_AUDIT_LOCK] = {"", "SELECT last FROM lane WHERE lane = 0 FOR UPDATE", false},
	[PG_AUDIT_LAST] = {"", AUDIT "ORDER BY id DESC LIMIT 1", false},
	[PG_AUDIT_NEXT] = {"ii", AUDIT "WHERE id > $1 ORDER BY id LIMIT $2", false},
	[PG_RECORD_COPY] = {"",
		"COPY record (device, first, count, link, size, body) FROM STDIN (FORMAT"
		" binary)", true},
	[PG_RECORD_LINK] = {"ii",
		"SELECT link FROM record WHERE device = $1 AND first = $2", false},
	[PG_RECORD_BODY] = {"ii",
		"SELECT size, body FROM record WHERE device = $1 AND first = $2", false},
	[PG_EVENT_COPY] = {"",
		"COPY event (device, sequence, id, time_ms, class_uid, activity_id,"
		" severity_id, verdict, person, record, start, size) FROM STDIN (FORMAT binary)", true},
	[PG_EVENT_AFTER] = {"iii",
		EVENT "WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3", false},
	[PG_EVENT_BY_TIME] = {"iiii", EVENT "WHERE " OLDER, false},
	[PG_EVENT_BY_DEVICE] = {"iiiii", EVENT "WHERE device = $5 AND " OLDER, false},
	[PG_EVENT_BY_CLASS] = {"iiiii", EVENT "WHERE class_uid = $5 AND " OLDER, false},
	[PG_EVENT_BY_PERSON] = {"iiiit",
		EVENT "WHERE person = $5 AND person <> '' AND " OLDER, false},
	[PG_EVENT_REFUSED] = {"iiii", EVENT "WHERE verdict >= 3 AND " OLDER, false},
	[PG_ACCOUNT_ADD] = {"ibiiiiiiiii",
		"INSERT INTO account (device, boot, first, last, delivered, coalesced, pruned,"
		" lost, missing, begun_ms, last_ms, unfit)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)"
		" ON CONFLICT (device, boot) DO UPDATE SET"
		" first = least(account.first, excluded.first),"
		" last = greatest(account.last, excluded.last),"
		" delivered = account.delivered + excluded.delivered,"
		" coalesced = account.coalesced + excluded.coalesced,"
		" pruned = account.pruned + excluded.pruned, lost = account.lost + excluded.lost,"
		" missing = account.missing + excluded.missing, last_ms = excluded.last_ms,"
		" unfit = account.unfit + excluded.unfit", false},
	[PG_ACCOUNT_LAST] = {"ii",
		"SELECT boot, first, last, delivered, coalesced, pruned, lost, missing, begun_ms,"
		" last_ms, unfit FROM account WHERE device = $1 ORDER BY last DESC LIMIT $2", false},
	[PG_TALLY_ADD] = {"iiiii",
		"INSERT INTO tally (device, day, class_uid, verdict, count) VALUES ($1, $2, $3,"
		" $4, $5) ON CONFLICT (device, day, class_uid, verdict) DO UPDATE SET count ="
		" tally.count + excluded.count", false},
	[PG_TALLY_SUMS] = {"i",
		"SELECT day, class_uid, verdict, sum(count)::bigint FROM tally WHERE day >= $1"
		" GROUP BY day, class_uid, verdict ORDER BY day, class_uid, verdict", false},
	[PG_USER_SEEN] = {"itii",
		"UPDATE device_user SET first_ms = least(first_ms, $3), last_ms = greatest(last_ms,"
		" $4) WHERE device = $1 AND name = $2", false},
	[PG_USER_ADD] = {"itii",
		"INSERT INTO device_user (device, name, first_ms, last_ms) VALUES ($1, $2, $3, $4)"
		" ON CONFLICT DO NOTHING", false},
	[PG_USER_TRIM] = {"ii",
		"DELETE FROM device_user WHERE device = $1 AND name IN (SELECT name FROM device_user"
		" WHERE device = $1 ORDER BY last_ms DESC, name OFFSET $2)", false},
	[PG_USER_LAST] = {"ii",
		"SELECT name, first_ms, last_ms FROM device_user WHERE device = $1 ORDER BY last_ms"
		" DESC, name LIMIT $2", false},
	[PG_USER_DEVICES] = {"tii",
		DEVICE "JOIN device_user ON device_user.device = device.id WHERE device_user.name ="
		" $1 AND device.id > $2 ORDER BY device.id LIMIT $3", false},
	[PG_SEAL_USED] = {"ii",
		"INSERT INTO device_seal (device, made_ms) VALUES ($1, $2)"
		" ON CONFLICT (device) DO UPDATE SET made_ms = excluded.made_ms", false},
	[PG_SEAL_WAITING] = {"i",
		"SELECT count(*) FROM device LEFT JOIN device_seal ON device_seal.device ="
		" device.id WHERE state IN (2, 3) AND coalesce(made_ms, first_seen_ms - 1) < $1",
		false},
	[PG_FINDING_ADD] = {"iiitiit",
		"INSERT INTO finding (device, id, time_ms, kind, first, last, text) VALUES ($1,"
		" $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING", false},
	[PG_FINDING_LAST] = {"ii",
		"SELECT id, device, time_ms, kind, first, last, text FROM finding WHERE $1 = 0"
		" OR device = $1 ORDER BY id DESC LIMIT $2", false},
	[PG_FINDING_COUNT] = {"", "SELECT count(*) FROM finding", false},
	[PG_POLICY_ADD] = {"itttiiiiiitt",
		"INSERT INTO policy (version, name, digest, key_id, made_ms, expires_ms, size,"
		" origin, percent, published_ms, who, why) SELECT $1, $2, $3, $4, $5, $6, $7,"
		" $8, $9, $10, $11, $12 WHERE $1 > (SELECT coalesce(max(version), 0) FROM"
		" policy) ON CONFLICT DO NOTHING", false},
	[PG_POLICY_GET] = {"i", POLICY "WHERE version = $1", false},
	[PG_POLICY_LIST] = {"i", POLICY "ORDER BY version DESC LIMIT $1", false},
	[PG_POLICY_LAST] = {"", "SELECT coalesce(max(version), 0) FROM policy", false},
	[PG_POLICY_PERCENT] = {"ii", "UPDATE policy SET percent = $2 WHERE version = $1", false},
	[PG_POLICY_CANDIDATES] = {"iii",
		"SELECT version, percent FROM policy WHERE version > $2 AND percent > 0 AND"
		" (NOT EXISTS (SELECT 1 FROM policy_group AS g WHERE g.version = policy.version)"
		" OR EXISTS (SELECT 1 FROM policy_group AS g JOIN device_tag AS t ON t.tag ="
		" g.tag AND t.device = $1 WHERE g.version = policy.version)) ORDER BY version"
		" DESC LIMIT $3", false},
	[PG_POLICY_GROUP_ADD] = {"it",
		"INSERT INTO policy_group (version, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING", false},
	[PG_BUNDLE_ADD] = {"ib", "INSERT INTO bundle (version, bytes) VALUES ($1, $2)", false},
	[PG_BUNDLE_GET] = {"i", "SELECT bytes FROM bundle WHERE version = $1", false},
	[PG_TAG_ADD] = {"it",
		"INSERT INTO device_tag (device, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING", false},
	[PG_TAG_REMOVE] = {"it", "DELETE FROM device_tag WHERE device = $1 AND tag = $2", false},
	[PG_TAG_LIST] = {"i",
		"SELECT coalesce(string_agg(tag, ' ' ORDER BY tag), '') FROM device_tag WHERE"
		" device = $1", false},
	[PG_TAG_COUNT] = {"i", "SELECT count(*) FROM device_tag WHERE device = $1", false},
	[PG_RECEIPT_SENT] = {"iii",
		"INSERT INTO receipt (device, sent, sent_ms) VALUES ($1, $2, $3) ON CONFLICT"
		" (device) DO UPDATE SET sent = excluded.sent, sent_ms = excluded.sent_ms", false},
	[PG_RECEIPT_APPLIED] = {"iitti",
		"INSERT INTO receipt (device, applied, digest, mode, applied_ms) VALUES ($1,"
		" $2, $3, $4, $5) ON CONFLICT (device) DO UPDATE SET applied = excluded.applied,"
		" digest = excluded.digest, mode = excluded.mode, applied_ms ="
		" excluded.applied_ms", false},
	[PG_RECEIPT_REFUSED] = {"iti",
		"INSERT INTO receipt (device, code, refused_ms) VALUES ($1, $2, $3) ON CONFLICT"
		" (device) DO UPDATE SET refused = receipt.sent, code = excluded.code,"
		" refused_ms = excluded.refused_ms", false},
	[PG_RECEIPT_GET] = {"i",
		"SELECT sent, sent_ms, applied, digest, mode, applied_ms, refused, code,"
		" refused_ms FROM receipt WHERE device = $1", false},
	[PG_EXPORT_GET] = {"t", EXPORT "WHERE name = $1", false},
	[PG_EXPORT_SET] = {"ttiiii",
		"INSERT INTO export (name, place, delivered, moved_ms, is_rewound)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET place ="
		" excluded.place, delivered = excluded.delivered, moved_ms = excluded.moved_ms,"
		" is_rewound = excluded.is_rewound WHERE export.holder = $6 OR export.held_ms < "
		NOW_MS, false},
	[PG_EXPORT_HOLD] = {"tii",
		"UPDATE export SET holder = $2, held_ms = " NOW_MS " + $3 WHERE name = $1"
		" AND (holder = $2 OR held_ms < " NOW_MS ")", false},
	[PG_EXPORT_LIST] = {"i", EXPORT "ORDER BY name LIMIT $1", false},
	[PG_EVENT_SINCE] = {"iii",
		"SELECT coalesce(min(id), 0) FROM event WHERE time_ms >= $1 AND id > $2 AND id <= $3",
		false},
	[PG_FLEET] = {"",
		"SELECT device.id, device.uid, coalesce(applied, 0), coalesce(refused, 0),"
		" coalesce(code, '') FROM device LEFT JOIN receipt ON receipt.device = device.id"
		" WHERE state = 2 ORDER BY device.id", false},
	[PG_KEY_ADD] = {"bitbibi",
		"INSERT INTO label_key (label, generation, name, home, slot, wrapped, made_ms)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING", false},
	[PG_KEY_REPLACE] = {"bii",
		"UPDATE label_key SET replaced_ms = $3 WHERE label = $1 AND generation < $2 AND"
		" replaced_ms = 0", false},
	[PG_KEY_LIST] = {"i", LABEL_KEY "ORDER BY name, label, generation DESC LIMIT $1", false},
	[PG_KEY_LABEL] = {"bi", LABEL_KEY "WHERE label = $1 ORDER BY generation DESC LIMIT $2", false},
	[PG_KEY_DESTROY] = {"bibit",
		"UPDATE label_key SET wrapped = $3, destroyed_ms = $4, receipt = $5 WHERE label = $1"
		" AND generation = $2", false},
	[PG_KEY_RECEIPT] = {"bi",
		"SELECT receipt FROM label_key WHERE label = $1 AND generation = $2", false},
	[PG_KEY_TERMS_SET] = {"btii",
		"INSERT INTO label_key_terms (label, networks, is_for_verified, seconds) VALUES"
		" ($1, $2, $3, $4) ON CONFLICT (label) DO UPDATE SET networks = excluded.networks,"
		" is_for_verified = excluded.is_for_verified, seconds = excluded.seconds", false},
	[PG_KEY_TERMS_GET] = {"b",
		"SELECT networks, is_for_verified, seconds FROM label_key_terms WHERE label = $1", false},
	[PG_KEY_QUESTION_ADD] = {"ibbii",
		"INSERT INTO key_question (device, hash, boot, asked_ms, time_ms)"
		" SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS (SELECT 1 FROM key_question AS had"
		" WHERE device = $1 AND (hash = $2 OR (boot = $3 AND (asked_ms >= $4 OR EXISTS"
		" (SELECT 1 FROM key_question AS later WHERE later.device = $1 AND later.boot <> $3"
		" AND later.time_ms > had.time_ms))))) ON CONFLICT DO NOTHING", false},
	[PG_KEY_QUESTION_TRIM] = {"ii",
		"DELETE FROM key_question WHERE device = $1 AND time_ms < $2", false},
	[PG_KEY_QUESTION_COUNT] = {"ii",
		"SELECT count(*) FROM key_question WHERE device = $1 AND time_ms >= $2", false},
	[PG_MARK_SUBJECT] = {"ii", "SELECT subject FROM mark WHERE device = $1 AND uid = $2", false},
	[PG_MARK_ADD] = {"iii",
		"INSERT INTO mark (device, uid, made_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		false},
	[PG_MARK_NAMED] = {"iit",
		"UPDATE mark SET name = $3 WHERE device = $1 AND uid = $2 AND name <> $3", false},
	[PG_MARK_GET] = {"i", "SELECT device, uid, name, made_ms FROM mark WHERE subject = $1", false},
	[PG_ORDER_ADD] = {"iiittiii",
		"INSERT INTO device_order (device, number, what, who, why, ordered_ms, sent_ms, done_ms)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING", false},
	[PG_ORDER_SET] = {"iiiiit",
		"UPDATE device_order SET sent_ms = $3, done_ms = $4, withdrawn_ms = $5,"
		" receipt = CASE WHEN $6 = '' THEN receipt ELSE $6 END WHERE device = $1"
		" AND number = $2", false},
	[PG_ORDER_LAST] = {"i",
		"SELECT number, what, who, why, ordered_ms, sent_ms, done_ms, withdrawn_ms"
		" FROM device_order WHERE device = $1 ORDER BY number DESC LIMIT 1", false},
	[PG_ORDER_RECEIPT] = {"ii",
		"SELECT receipt FROM device_order WHERE device = $1 AND number = $2", false},
};
/* clang-format on */
