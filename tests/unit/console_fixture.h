/* SPDX-License-Identifier: Apache-2.0 */
/* A console's database in a directory of its own, and devices that seal and sign as real ones do. */
#ifndef HOLDFAST_TESTS_UNIT_CONSOLE_FIXTURE_H
#define HOLDFAST_TESTS_UNIT_CONSOLE_FIXTURE_H

#ifdef FIXTURE_PLAIN /* for programs that are no tests */
#define MUST(condition, ...)  ((condition) ? (void)0 : abort())
#define cr_assert(a)	      MUST(a)
#define cr_assert_eq(a, b)    MUST((a) == (b))
#define cr_assert_gt(a, b)    MUST((a) > (b))
#define cr_assert_lt(a, b)    MUST((a) < (b))
#define cr_assert_not_null(a) MUST(a)
#define cr_expect_eq(a, b)    MUST((a) == (b))
#else
#include <criterion/criterion.h>
#endif
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/segment.h"
#include "console/store/certificate_fields.h"
#include "console/store/enrolment.h"
#include "console/store/identify.h"
#include "console/store/ingest.h"

static char fixture_directory[64], fixture_path[512]; /* of the database: a file, or an address */
static uint8_t fixture_seal_key[HPKE_KEY_SIZE] = {1, 2, 3};
static struct store *fixture_store;
static struct ingest *fixture_ingest;

static inline void fixture_open(void)
{
	cr_assert_eq(store_open(fixture_path, STORE_WRITE, &fixture_store), 0);
	cr_assert_eq(ingest_new(fixture_seal_key, &fixture_ingest), 0);
}

static inline void fixture_close(void)
{
	store_free(fixture_store);
	ingest_free(fixture_ingest);
	fixture_store = NULL;
	fixture_ingest = NULL;
}

#ifdef FIXTURE_POSTGRES
#include <libpq-fe.h>

/* Of the cluster that tests/postgres made, as its administrator. The rows are the caller's. */
static inline PGresult *fixture_sql(const char *sql)
{
	PGconn *connection = PQconnectdb(
		fixture_path[0] ? fixture_path : getenv("HOLDFAST_TEST_DATABASE"));
	PGresult *result = PQexec(connection, sql);

	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK) {
		(void)fprintf(stderr, "%s: %s", sql, PQerrorMessage(connection));
		cr_assert(false);
	}
	PQfinish(connection);
	return result;
}

/* Tests run at the same time: each has a schema of its own. */
static inline void fixture_place(void)
{
	char sql[64];

	cr_assert(getenv("HOLDFAST_TEST_DATABASE")); /* of tests/postgres with */
	fixture_path[0] = '\0';
	(void)snprintf(sql, sizeof(sql), "CREATE SCHEMA test_%d", (int)getpid());
	PQclear(fixture_sql(sql));
	(void)snprintf(fixture_path, sizeof(fixture_path),
		"%s&options=-csearch_path%%3Dtest_%d&application_name=test_%d",
		getenv("HOLDFAST_TEST_DATABASE"), (int)getpid(), (int)getpid());
}
#else
static inline void fixture_place(void)
{
	(void)snprintf(fixture_path, sizeof(fixture_path), "%s/console.db", fixture_directory);
}
#endif

static inline void fixture_begin(void)
{
	(void)snprintf(
		fixture_directory, sizeof(fixture_directory), "/tmp/holdfast-console-XXXXXX");
	cr_assert_not_null(mkdtemp(fixture_directory));
	fixture_place();
	fixture_open();
}

static inline void fixture_end(void)
{
	char command[128];

	fixture_close();
	(void)snprintf(command, sizeof(command), "rm -rf -- %s", fixture_directory);
	(void)!system(command); /* /tmp is cleaned anyway */
}

struct fixture_device {
	EVP_PKEY *key;
	uint8_t uid[CONSOLE_UID_SIZE];
	uint8_t boot[CONSOLE_UID_SIZE];
	uint8_t key_hash[CONSOLE_HASH_SIZE];
	uint8_t fingerprint[CONSOLE_HASH_SIZE];
	uint8_t certificate[CONSOLE_CERTIFICATE_MAX];
	size_t certificate_size;
	/* where its chain is */
	uint64_t segment, next;
	uint8_t link[SEGMENT_HASH_SIZE];
	struct segment_sealer *sealer;
};

/* A certificate as the authority would make it, but of the device's own signature. */
static inline void fixture_certificate(struct fixture_device *device, int days)
{
	static long serial;
	X509 *certificate = X509_new();
	unsigned char *at = device->certificate;
	struct store_certificate fields;

	cr_assert(certificate);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L * 400);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * days);
	(void)X509_set_pubkey(certificate, device->key);
	cr_assert_gt(X509_sign(certificate, device->key, EVP_sha256()), 0);
	device->certificate_size = (size_t)i2d_X509(certificate, &at);
	X509_free(certificate);
	cr_assert_eq(
		certificate_fields_read(device->certificate, device->certificate_size, &fields), 0);
	memcpy(device->key_hash, fields.key, sizeof(fields.key));
	memcpy(device->fingerprint, fields.fingerprint, sizeof(fields.fingerprint));
}

static inline void fixture_key(struct fixture_device *device)
{
	device->key = EVP_EC_gen("P-256");
	cr_assert(device->key);
	fixture_certificate(device, 90);
}

/* One transaction around a request, as peer.c does it. */
#define FIXTURE_DO(call)                                      \
	do {                                                  \
		cr_assert_eq(store_begin(fixture_store), 0);  \
		cr_assert_eq((call), 0);                      \
		cr_assert_eq(store_commit(fixture_store), 0); \
	} while (0)

static inline void fixture_token(
	int64_t uses, bool is_approving, struct store_token *ret_token, char *ret_text)
{
	*ret_token = (struct store_token){.name = "test",
		.uses_left = uses,
		.is_approving = is_approving,
		.made_ms = 1,
		.expires_ms = (int64_t)clock_day_ms() + 86400000};
	FIXTURE_DO(enrolment_token_make(fixture_store, ret_token, ret_text));
}

static inline uint16_t fixture_enrol(
	struct fixture_device *device, const char *token, const char *host)
{
	struct console_enrol enrol = {.id = 7, .address = "192.0.2.1"};
	struct console_device answer;

	memcpy(enrol.key, device->key_hash, sizeof(enrol.key));
	(void)snprintf(enrol.token, sizeof(enrol.token), "%s", token);
	(void)snprintf(enrol.host, sizeof(enrol.host), "%s", host);
	FIXTURE_DO(enrolment_device(fixture_store, &enrol, &answer));
	cr_expect_eq(answer.id, 7);
	if (answer.state)
		memcpy(device->uid, answer.device, sizeof(device->uid));
	return answer.refusal;
}

static inline uint16_t fixture_certified(const struct fixture_device *device)
{
	static struct console_certified certified;
	uint16_t refusal;

	memcpy(certified.device, device->uid, sizeof(certified.device));
	memcpy(certified.certificate, device->certificate, device->certificate_size);
	certified.size = (uint16_t)device->certificate_size;
	FIXTURE_DO(enrolment_certified(fixture_store, &certified, &refusal));
	return refusal;
}

/* A trusted device with a certificate. */
static inline void fixture_device(struct fixture_device *device, const char *host)
{
	struct store_token token;
	char text[ENROLMENT_TOKEN_SIZE];

	memset(device, 0, sizeof(*device));
	device->next = 1;
	device->boot[0] = 1;
	fixture_key(device);
	fixture_token(1, true, &token, text);
	cr_assert_eq(fixture_enrol(device, text, host), REFUSAL_NONE);
	cr_assert_eq(fixture_certified(device), REFUSAL_NONE);
}

static inline int fixture_sign(
	const void *bytes, size_t size, uint8_t *ret_signature, size_t *ret_size, void *userdata)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	*ret_size = SEGMENT_SIGNATURE_MAX;
	cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, userdata), 1);
	cr_assert_eq(EVP_DigestSign(context, ret_signature, ret_size, bytes, size), 1);
	EVP_MD_CTX_free(context);
	return 0;
}

static inline void fixture_segment(struct fixture_device *device)
{
	struct segment_plan plan = {.number = ++device->segment,
		.first_sequence = device->next,
		.made_ms = clock_day_ms(),
		.sign = fixture_sign,
		.userdata = device->key};

	memcpy(plan.device_uid, device->uid, sizeof(plan.device_uid));
	memcpy(plan.boot_uid, device->boot, sizeof(plan.boot_uid));
	memcpy(plan.console_key,
		fixture_ingest ? ingest_public_key(fixture_ingest) : (const uint8_t *)"",
		fixture_ingest ? HPKE_KEY_SIZE : 0);
	memcpy(plan.previous, device->link, sizeof(plan.previous));
	segment_sealer_free(device->sealer);
	cr_assert_eq(segment_sealer_new(&plan, &device->sealer), 0);
}

/* Lines of events numbered from first on. */
static inline size_t fixture_lines(char *lines, size_t room, uint64_t first, unsigned int count)
{
	static const char *const users[] = {"anna", "ben", "chen"};
	size_t used = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t n = first + i;
		bool is_block = n % 4 == 0;

		used += (size_t)snprintf(lines + used, room - used,
			"{\"time\":%llu,\"class_uid\":%u,\"category_uid\":%u,\"activity_id\":1,"
			"\"type_uid\":%u,\"severity_id\":%u,"
			"\"metadata\":{\"version\":\"1.8.0\",\"product\":{\"name\":\"Holdfast\"},"
			"\"sequence\":%llu},"
			"\"action_id\":%u,\"disposition_id\":%u,\"device\":{\"hostname\":\"pc\"},"
			"\"actor\":{\"user\":{\"name\":\"%s\"}},\"message\":\"event %llu\","
			"\"file\":{\"path\":\"/srv/finance/report-%llu.odt\",\"name\":\"report\"},"
			"\"unmapped\":{\"holdfast\":{\"coalesced\":%u}}}\n",
			1700000000000ull + (unsigned long long)n * 1000, n % 3 ? 1001 : 4001,
			n % 3 ? 1 : 4, n % 3 ? 100101 : 400101, is_block ? 3 : 1,
			(unsigned long long)n, is_block ? 2 : 1, is_block ? 2 : 1, users[n % 3],
			(unsigned long long)n, (unsigned long long)n, n % 10 == 0 ? 2 : 0);
		cr_assert_lt(used, room);
	}
	return used;
}

struct fixture_batch {
	uint8_t bytes[SEGMENT_BATCH_MAX + SEGMENT_RECORD_MAX];
	size_t size;
	uint64_t first, last;
};

static inline void fixture_batch_begin(
	const struct fixture_device *device, struct fixture_batch *ret_batch)
{
	const struct segment_header *header = segment_sealer_header(device->sealer);
	bool is_first = header->first_sequence == device->next;

	memcpy(ret_batch->bytes, header->bytes, header->size);
	memcpy(ret_batch->bytes + header->size, is_first ? header->hash : device->link,
		SEGMENT_HASH_SIZE);
	ret_batch->size = header->size + SEGMENT_HASH_SIZE;
	ret_batch->first = device->next;
}

static inline void fixture_append(struct fixture_device *device, struct fixture_batch *batch,
	const struct segment_frame *frame)
{
	size_t size;

	cr_assert_eq(segment_seal(device->sealer, frame, batch->bytes + batch->size, &size), 0);
	batch->size += size;
	memcpy(device->link, batch->bytes + batch->size - SEGMENT_HASH_SIZE, SEGMENT_HASH_SIZE);
	device->next += frame->count;
	batch->last = device->next - 1;
}

/* One more record in a batch. */
static inline void fixture_more(
	struct fixture_device *device, unsigned int count, struct fixture_batch *batch)
{
	static char lines[SEGMENT_EVENTS_MAX * 1024];
	struct segment_frame frame = {.first_sequence = device->next,
		.count = count,
		.kind = SEGMENT_NORMAL,
		.lines = lines};

	frame.size = fixture_lines(lines, sizeof(lines), device->next, count);
	fixture_append(device, batch, &frame);
}

/* The device's next records, of count events each. */
static inline void fixture_batch(struct fixture_device *device, unsigned int records,
	unsigned int count, struct fixture_batch *ret_batch)
{
	if (!device->sealer)
		fixture_segment(device);
	fixture_batch_begin(device, ret_batch);
	for (unsigned int i = 0; i < records; i++)
		fixture_more(device, count, ret_batch);
}

static inline uint16_t fixture_send_as(const uint8_t fingerprint[CONSOLE_HASH_SIZE],
	const void *bytes, size_t size, struct console_device *ret_answer)
{
	struct console_who who = {.id = 5, .address = "192.0.2.1"};

	memcpy(who.certificate, fingerprint, sizeof(who.certificate));
	FIXTURE_DO(ingest_batch(fixture_ingest, fixture_store, &who, bytes, size, ret_answer));
	cr_expect_eq(ret_answer->id, 5);
	return ret_answer->refusal;
}

static inline uint16_t fixture_send(const struct fixture_device *device,
	const struct fixture_batch *batch, struct console_device *ret_answer)
{
	return fixture_send_as(device->fingerprint, batch->bytes, batch->size, ret_answer);
}

static inline int64_t fixture_events(void)
{
	struct store_totals totals;

	cr_assert_eq(store_totals(fixture_store, &totals), 0);
	return totals.events;
}

static inline void fixture_free(struct fixture_device *device)
{
	segment_sealer_free(device->sealer);
	EVP_PKEY_free(device->key);
	device->sealer = NULL;
	device->key = NULL;
}

#endif
