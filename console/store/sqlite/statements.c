/* SPDX-License-Identifier: Apache-2.0 */
/* Declared up front, one per question; nothing of a request is ever put into a text. */
#include "console/store/sqlite/statements.h"

#define DEVICE                                                                                   \
	"SELECT device.id, device.uid, state, tenant.uid, host, owner, os, address, key, token," \
	" first_seen_ms, last_seen_ms, ack, link, boot, segment, offered,"                       \
	" offered_ms, offers, is_restored, word"                                                 \
	" FROM device JOIN tenant ON tenant.id = device.tenant "

#define EXPORT "SELECT name, place, delivered, moved_ms, is_rewound FROM export "

#define TOKEN                                                                              \
	"SELECT id, name, uses_left, used, made_ms, expires_ms, is_approving, is_revoked," \
	" made_by, owner, audience, tenant FROM token "

#define LABEL_KEY                                                                    \
	"SELECT label, generation, name, home, slot, wrapped, made_ms, replaced_ms," \
	" destroyed_ms FROM label_key "

#define AUDIT "SELECT id, time_ms, who, act, what, before, after, link FROM audit "

#define POLICY                                                                              \
	"SELECT version, name, digest, key_id, made_ms, expires_ms, size, origin, percent," \
	" coalesce((SELECT group_concat(tag, ' ') FROM policy_group"                        \
	" WHERE policy_group.version = policy.version), ''), published_ms, who, why FROM policy "

/* One for each index; what else a filter asks is looked at row by row, a bounded number at a time. */
#define EVENT                                                                                 \
	"SELECT id, device, sequence, time_ms, class_uid, activity_id, severity_id, verdict," \
	" person, record, start, size FROM event "
#define EVENT_OLDER "(time_ms, id) < (?1, ?2) AND time_ms >= ?3 "
#define EVENT_ORDER "ORDER BY time_ms DESC, id DESC LIMIT ?4"

/* Many rows to a statement: cursors on a table and five indexes are opened once for all. */
#define EVENT_INTO                                                                           \
	"INSERT OR ROLLBACK INTO event (device, sequence, time_ms, class_uid, activity_id, " \
	"severity_id,"                                                                       \
	" verdict, person, record, start, size) VALUES "
#define EVENT_ROW    "(?,?,?,?,?,?,?,?,?,?,?)"
#define EVENT_ROWS_5 EVENT_ROW "," EVENT_ROW "," EVENT_ROW "," EVENT_ROW "," EVENT_ROW

const char *const sqlite_statements[STATEMENT_MAX] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[MARK] = "SAVEPOINT mark",
	[MARK_UNDO] = "ROLLBACK TO mark",
	[MARK_KEEP] = "RELEASE mark",
	[VALUE_GET] = "SELECT value FROM value WHERE name = ?1",
	[VALUE_SET] = "INSERT INTO value (name, value) VALUES (?1, ?2)"
		      " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
	[TENANT_SET] = "UPDATE tenant SET uid = ?1 WHERE id = 1",
	[TENANT_GET] = "SELECT uid FROM tenant WHERE id = 1",
	[DEVICE_ADD] = "INSERT INTO device (uid, tenant, state, host, owner, os, address, key,"
		       " token, first_seen_ms, last_seen_ms)"
		       " VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)",
	[DEVICE_BY_ID] = DEVICE "WHERE device.id = ?1",
	[DEVICE_BY_UID] = DEVICE "WHERE device.uid = ?1",
	[DEVICE_BY_KEY] = DEVICE "WHERE key = ?1",
	[DEVICE_NEXT] = DEVICE "WHERE device.id > ?1 ORDER BY device.id LIMIT ?2",
	[DEVICE_NAMED] = DEVICE "WHERE host = ?1 ORDER BY device.id LIMIT ?2",
	[DEVICE_STATE] = "UPDATE device SET state = ?2, word = word + 1 WHERE id = ?1",
	[DEVICE_WORD] = "UPDATE device SET word = max(word, ?2) WHERE id = ?1",
	[DEVICE_KEY] = "UPDATE device SET key = ?2, last_seen_ms = ?3 WHERE id = ?1",
	[DEVICE_SEEN] = "UPDATE device SET address = ?2, last_seen_ms = ?3 WHERE id = ?1",
	[DEVICE_DESCRIBE] = "UPDATE device SET host = CASE WHEN ?2 = '' THEN host ELSE ?2 END,"
			    " os = CASE WHEN ?3 = '' THEN os ELSE ?3 END,"
			    " details = CASE WHEN ?4 = '' THEN details ELSE ?4 END WHERE id = ?1",
	[DEVICE_DETAILS] = "SELECT details FROM device WHERE id = ?1",
	[DEVICE_ADVANCE] = "UPDATE device SET ack = ?2, link = ?3, boot = ?4, segment = ?5,"
			   " offered = ?6, offered_ms = ?7, offers = ?8, is_restored = ?9"
			   " WHERE id = ?1",
	[DEVICE_RESTORED] = "UPDATE device SET is_restored = 1, offered = 0, offers = 0",
	[DEVICE_COUNTS] = "SELECT state, count(*) FROM device GROUP BY state",
	[CHANGE_ADD] = "INSERT INTO change (device, time_ms, was, became, who, why)"
		       " SELECT id, ?2, state, ?3, ?4, ?5 FROM device WHERE id = ?1",
	[CHANGE_LAST] = "SELECT time_ms, was, became, who, why FROM change WHERE device = ?1"
			" ORDER BY id DESC LIMIT ?2",
	[CERTIFICATE_ADD] = "INSERT INTO certificate (fingerprint, device, key, serial,"
			    " not_before_ms, not_after_ms, made_ms, der)"
			    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[CERTIFICATE_FIND] = "SELECT fingerprint, device, key, serial, not_before_ms,"
			     " not_after_ms, made_ms, is_used, is_replaced, der FROM certificate"
			     " WHERE fingerprint = ?1",
	[CERTIFICATE_KEY_OWNER] = "SELECT device FROM certificate WHERE key = ?1 LIMIT 1",
	[CERTIFICATE_USED] = "UPDATE certificate SET is_used = 1 WHERE fingerprint = ?1",
	[CERTIFICATE_REPLACE] = "UPDATE certificate SET is_replaced = 1 WHERE device = ?1"
				" AND fingerprint <> ?2 AND NOT is_replaced",
	[CERTIFICATE_LAST] = "SELECT fingerprint, device, key, serial, not_before_ms,"
			     " not_after_ms, made_ms, is_used, is_replaced FROM certificate"
			     " WHERE device = ?1 ORDER BY rowid DESC LIMIT ?2",
	[TOKEN_ADD] = "INSERT INTO token (hash, name, uses_left, made_ms, expires_ms,"
		      " is_approving, made_by, owner, audience, tenant)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[TOKEN_FIND] = TOKEN "WHERE hash = ?1",
	[TOKEN_GET] = TOKEN "WHERE id = ?1",
	/* -1 is STORE_UNLIMITED */
	[TOKEN_USE] = "UPDATE token SET used = used + 1, uses_left = uses_left - (uses_left > 0)"
		      " WHERE id = ?1 AND uses_left <> 0",
	[TOKEN_REVOKE] = "UPDATE token SET is_revoked = 1 WHERE id = ?1",
	[TOKEN_NEXT] = TOKEN "WHERE id > ?1 ORDER BY id LIMIT ?2",
	[TOKEN_COUNT] = "SELECT count(*) FROM token WHERE NOT is_revoked AND uses_left <> 0"
			" AND expires_ms > ?1",
	[TICKET_FORGET] = "DELETE FROM ticket WHERE device = ?1 AND expires_ms < ?2",
	[TICKET_SHOW] = "INSERT INTO ticket (device, id, expires_ms) VALUES (?1, ?2, ?3)"
			" ON CONFLICT DO NOTHING",
	[ADMINISTRATOR_ADD] = "INSERT INTO administrator (name, hash, is_one_time, made_ms)"
			      " VALUES (?1, ?2, ?3, ?4)",
	[ADMINISTRATOR_COUNT] = "SELECT count(*) FROM administrator",
	[AUDIT_ADD] = "INSERT INTO audit (id, time_ms, who, act, what, before, after, link)"
		      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[AUDIT_LAST] = AUDIT "ORDER BY id DESC LIMIT 1",
	[AUDIT_NEXT] = AUDIT "WHERE id > ?1 ORDER BY id LIMIT ?2",
	[PERSON_FIND] = "SELECT id FROM person WHERE name = ?1",
	[PERSON_ADD] = "INSERT INTO person (name) VALUES (?1)",
	[PERSON_NAME] = "SELECT name FROM person WHERE id = ?1",
	[RECORD_ADD] = "INSERT INTO record (device, first, count, link, size, body)"
		       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[RECORD_LINK] = "SELECT link FROM record WHERE device = ?1 AND first = ?2",
	[RECORD_BODY] = "SELECT size, body FROM record WHERE id = ?1",
	[EVENT_ADD] = EVENT_INTO EVENT_ROW,
	[EVENT_ADD_MANY] = EVENT_INTO EVENT_ROWS_5 "," EVENT_ROWS_5 "," EVENT_ROWS_5
						   "," EVENT_ROWS_5,
	[EVENT_LAST] = "SELECT coalesce(max(id), 0) FROM event",
	[EVENT_AFTER] = EVENT "WHERE id > ?1 ORDER BY id LIMIT ?2",
	[EVENT_BEFORE] = EVENT "WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
	[EVENT_BY_TIME] = EVENT "WHERE " EVENT_OLDER EVENT_ORDER,
	[EVENT_BY_DEVICE] = EVENT "WHERE device = ?5 AND " EVENT_OLDER EVENT_ORDER,
	[EVENT_BY_CLASS] = EVENT "WHERE class_uid = ?5 AND " EVENT_OLDER EVENT_ORDER,
	[EVENT_BY_PERSON] = EVENT "WHERE person = ?5 AND person > 0 AND " EVENT_OLDER EVENT_ORDER,
	[EVENT_REFUSED] = EVENT "WHERE verdict >= 3 AND " EVENT_OLDER EVENT_ORDER,
	[ACCOUNT_ADD] =
		"INSERT INTO account (device, boot, first, last, delivered, coalesced, pruned,"
		" lost, missing, begun_ms, last_ms, unfit)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)"
		" ON CONFLICT (device, boot) DO UPDATE SET first = min(first, excluded.first),"
		" last = max(last, excluded.last), delivered = delivered + excluded.delivered,"
		" coalesced = coalesced + excluded.coalesced,"
		" pruned = pruned + excluded.pruned, lost = lost + excluded.lost,"
		" missing = missing + excluded.missing, last_ms = excluded.last_ms,"
		" unfit = unfit + excluded.unfit",
	[ACCOUNT_LAST] = "SELECT boot, first, last, delivered, coalesced, pruned, lost, missing,"
			 " begun_ms, last_ms, unfit FROM account WHERE device = ?1"
			 " ORDER BY last DESC LIMIT ?2",
	[TALLY_ADD] = "INSERT INTO tally (device, day, class_uid, verdict, count)"
		      " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (device, day, class_uid, verdict)"
		      " DO UPDATE SET count = count + excluded.count",
	[TALLY_SUMS] = "SELECT day, class_uid, verdict, sum(count) FROM tally WHERE day >= ?1"
		       " GROUP BY day, class_uid, verdict ORDER BY day, class_uid, verdict",
	[USER_SEEN] = "UPDATE device_user SET first_ms = min(first_ms, ?3),"
		      " last_ms = max(last_ms, ?4) WHERE device = ?1 AND name = ?2",
	[USER_ADD] = "INSERT INTO device_user (device, name, first_ms, last_ms)"
		     " VALUES (?1, ?2, ?3, ?4)",
	[USER_TRIM] = "DELETE FROM device_user WHERE device = ?1 AND name IN"
		      " (SELECT name FROM device_user WHERE device = ?1"
		      " ORDER BY last_ms DESC, name LIMIT -1 OFFSET ?2)",
	[USER_LAST] = "SELECT name, first_ms, last_ms FROM device_user WHERE device = ?1"
		      " ORDER BY last_ms DESC, name LIMIT ?2",
	[USER_DEVICES] = DEVICE "JOIN device_user ON device_user.device = device.id"
				" WHERE device_user.name = ?1 AND device.id > ?2"
				" ORDER BY device.id LIMIT ?3",
	[SEAL_USED] = "INSERT INTO device_seal (device, made_ms) VALUES (?1, ?2)"
		      " ON CONFLICT (device) DO UPDATE SET made_ms = excluded.made_ms",
	[SEAL_WAITING] = "SELECT count(*) FROM device LEFT JOIN device_seal"
			 " ON device_seal.device = device.id WHERE state IN (2, 3)"
			 " AND coalesce(made_ms, first_seen_ms - 1) < ?1",
	[FINDING_ADD] = "INSERT INTO finding (device, time_ms, kind, first, last, text)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
	[FINDING_LAST] = "SELECT id, device, time_ms, kind, first, last, text FROM finding"
			 " WHERE ?1 = 0 OR device = ?1 ORDER BY id DESC LIMIT ?2",
	[FINDING_COUNT] = "SELECT count(*) FROM finding",
	[POLICY_ADD] = "INSERT INTO policy (version, name, digest, key_id, made_ms, expires_ms,"
		       " size, origin, percent, published_ms, who, why)"
		       " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12"
		       " WHERE ?1 > (SELECT coalesce(max(version), 0) FROM policy)",
	[POLICY_GET] = POLICY "WHERE version = ?1",
	[POLICY_LIST] = POLICY "ORDER BY version DESC LIMIT ?1",
	[POLICY_LAST] = "SELECT coalesce(max(version), 0) FROM policy",
	[POLICY_PERCENT] = "UPDATE policy SET percent = ?2 WHERE version = ?1",
	[POLICY_CANDIDATES] =
		"SELECT version, percent FROM policy WHERE version > ?2 AND percent > 0"
		" AND (NOT EXISTS (SELECT 1 FROM policy_group AS g"
		" WHERE g.version = policy.version) OR EXISTS (SELECT 1 FROM policy_group AS g"
		" JOIN device_tag AS t ON t.tag = g.tag AND t.device = ?1"
		" WHERE g.version = policy.version)) ORDER BY version DESC LIMIT ?3",
	[POLICY_GROUP_ADD] = "INSERT INTO policy_group (version, tag) VALUES (?1, ?2)"
			     " ON CONFLICT DO NOTHING",
	[BUNDLE_ADD] = "INSERT INTO bundle (version, bytes) VALUES (?1, ?2)",
	[BUNDLE_GET] = "SELECT bytes FROM bundle WHERE version = ?1",
	[TAG_ADD] = "INSERT INTO device_tag (device, tag) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
	[TAG_REMOVE] = "DELETE FROM device_tag WHERE device = ?1 AND tag = ?2",
	[TAG_LIST] =
		"SELECT coalesce(group_concat(tag, ' '), '') FROM device_tag WHERE device = ?1",
	[TAG_COUNT] = "SELECT count(*) FROM device_tag WHERE device = ?1",
	[RECEIPT_SENT] = "INSERT INTO receipt (device, sent, sent_ms) VALUES (?1, ?2, ?3)"
			 " ON CONFLICT (device) DO UPDATE SET sent = excluded.sent,"
			 " sent_ms = excluded.sent_ms",
	[RECEIPT_APPLIED] =
		"INSERT INTO receipt (device, applied, digest, mode, applied_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (device) DO UPDATE SET"
		" applied = excluded.applied, digest = excluded.digest, mode = excluded.mode,"
		" applied_ms = excluded.applied_ms",
	[RECEIPT_REFUSED] = "INSERT INTO receipt (device, code, refused_ms) VALUES (?1, ?2, ?3)"
			    " ON CONFLICT (device) DO UPDATE SET refused = sent,"
			    " code = excluded.code, refused_ms = excluded.refused_ms",
	[RECEIPT_GET] = "SELECT sent, sent_ms, applied, digest, mode, applied_ms, refused, code,"
			" refused_ms FROM receipt WHERE device = ?1",
	[FLEET] = "SELECT device.id, device.uid, coalesce(applied, 0), coalesce(refused, 0),"
		  " coalesce(code, '') FROM device LEFT JOIN receipt"
		  " ON receipt.device = device.id WHERE state = 2 ORDER BY device.id",
	[EVENT_SINCE] = "SELECT coalesce(min(id), 0) FROM event WHERE time_ms >= ?1",
	[EXPORT_GET] = EXPORT "WHERE name = ?1",
	[EXPORT_SET] = "INSERT INTO export (name, place, delivered, moved_ms, is_rewound)"
		       " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
		       " place = excluded.place, delivered = excluded.delivered,"
		       " moved_ms = excluded.moved_ms, is_rewound = excluded.is_rewound",
	[EXPORT_LIST] = EXPORT "ORDER BY name LIMIT ?1",
	[DATABASE_BYTES] = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
	[KEY_ADD] = "INSERT INTO label_key (label, generation, name, home, slot, wrapped, made_ms)"
		    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[KEY_REPLACE] = "UPDATE label_key SET replaced_ms = ?3 WHERE label = ?1"
			" AND generation < ?2 AND replaced_ms = 0",
	[KEY_LIST] = LABEL_KEY "ORDER BY name, label, generation DESC LIMIT ?1",
	[KEY_LABEL] = LABEL_KEY "WHERE label = ?1 ORDER BY generation DESC LIMIT ?2",
	[KEY_DESTROY] = "UPDATE label_key SET wrapped = ?3, destroyed_ms = ?4, receipt = ?5"
			" WHERE label = ?1 AND generation = ?2",
	[KEY_RECEIPT] = "SELECT receipt FROM label_key WHERE label = ?1 AND generation = ?2",
	[KEY_TERMS_SET] = "INSERT INTO label_key_terms (label, networks, is_for_verified, seconds)"
			  " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (label) DO UPDATE SET"
			  " networks = excluded.networks, is_for_verified ="
			  " excluded.is_for_verified, seconds = excluded.seconds",
	[KEY_TERMS_GET] = "SELECT networks, is_for_verified, seconds FROM label_key_terms"
			  " WHERE label = ?1",
	[KEY_QUESTION_ADD] =
		"INSERT INTO key_question (device, hash, boot, asked_ms, time_ms)"
		" SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM key_question AS had"
		" WHERE device = ?1 AND (hash = ?2 OR (boot = ?3 AND (asked_ms >= ?4 OR EXISTS"
		" (SELECT 1 FROM key_question AS later WHERE later.device = ?1"
		" AND later.boot <> ?3 AND later.time_ms > had.time_ms)))))",
	[KEY_QUESTION_TRIM] = "DELETE FROM key_question WHERE device = ?1 AND time_ms < ?2",
	[KEY_QUESTION_COUNT] =
		"SELECT count(*) FROM key_question WHERE device = ?1 AND time_ms >= ?2",
	[MARK_SUBJECT] = "SELECT subject FROM mark WHERE device = ?1 AND uid = ?2",
	[MARK_ADD] = "INSERT INTO mark (device, uid, made_ms) VALUES (?1, ?2, ?3)",
	[MARK_NAMED] = "UPDATE mark SET name = ?3 WHERE device = ?1 AND uid = ?2 AND name <> ?3",
	[MARK_GET] = "SELECT device, uid, name, made_ms FROM mark WHERE subject = ?1",
	[ORDER_ADD] = "INSERT INTO device_order (device, number, what, who, why, ordered_ms,"
		      " sent_ms, done_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[ORDER_SET] = "UPDATE device_order SET sent_ms = ?3, done_ms = ?4, withdrawn_ms = ?5,"
		      " receipt = CASE WHEN ?6 = '' THEN receipt ELSE ?6 END"
		      " WHERE device = ?1 AND number = ?2",
	[ORDER_LAST] = "SELECT number, what, who, why, ordered_ms, sent_ms, done_ms, withdrawn_ms"
		       " FROM device_order WHERE device = ?1 ORDER BY number DESC LIMIT 1",
	[ORDER_RECEIPT] = "SELECT receipt FROM device_order WHERE device = ?1 AND number = ?2",
};
