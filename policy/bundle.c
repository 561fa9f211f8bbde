/* SPDX-License-Identifier: Apache-2.0 */
/* One form and no other: what would be written is what is read. */
#include "policy/bundle.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/hex.h"

#define HEAD	    "holdfast-policy 1\n"
#define TIME_MAX_S  UINT64_C(253402300799) /* year 9999 */
#define VERSION_MAX UINT64_C(999999999999)

static int digest_of(const uint8_t *bytes, size_t size, char ret_text[65])
{
	uint8_t digest[32];

	if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) != 1)
		return -EIO;
	hex_write(digest, sizeof(digest), ret_text);
	return 0;
}

/* Shown to people and written into lines: nothing that moves a cursor. */
static bool is_name(const char *text)
{
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	return text[0] != '\0';
}

static int who_get(struct signing_reader *reader, struct bundle *bundle)
{
	int r;

	r = signing_line(reader, "tenant", bundle->tenant, sizeof(bundle->tenant));
	if (r < 0 || !signing_is_hex(bundle->tenant, BUNDLE_TENANT_SIZE - 1))
		return -EBADMSG;
	r = signing_line(reader, "name", bundle->name, sizeof(bundle->name));
	if (r < 0 || !is_name(bundle->name))
		return -EBADMSG;
	return signing_number(reader, "version", &bundle->version);
}

/* A line that is there when something is required, and in no other words than we would write. */
static int require_get(struct signing_reader *reader, struct posture *ret_require)
{
	static const char name[] = "require ";
	char text[POSTURE_TEXT_MAX], again[POSTURE_TEXT_MAX];
	int r;

	if (reader->left < sizeof(name) - 1 || memcmp(reader->at, name, sizeof(name) - 1) != 0)
		return 0;
	r = signing_line(reader, "require", text, sizeof(text));
	if (r < 0 || posture_parse(text, ret_require) < 0)
		return -EBADMSG;
	posture_format(ret_require, again);
	return text[0] && !strcmp(text, again) ? 0 : -EBADMSG;
}

static int when_get(struct signing_reader *reader, struct bundle *bundle)
{
	int r;

	r = signing_number(reader, "made", &bundle->made_s);
	if (r == 0)
		r = signing_number(reader, "expires", &bundle->expires_s);
	if (r < 0 || bundle->made_s > TIME_MAX_S || bundle->expires_s > TIME_MAX_S ||
		bundle->expires_s <= bundle->made_s)
		return -EBADMSG;
	return 0;
}

static int what_get(struct signing_reader *reader, struct bundle *bundle)
{
	uint64_t size;
	int r;

	r = signing_line(reader, "key", bundle->key_id, sizeof(bundle->key_id));
	if (r < 0 || !signing_is_hex(bundle->key_id, sizeof(bundle->key_id) - 1))
		return -EBADMSG;
	r = signing_number(reader, "size", &size);
	if (r < 0 || size > BUNDLE_PACKED_MAX)
		return -EBADMSG;
	bundle->packed_size = (size_t)size;
	r = signing_line(reader, "digest", bundle->digest, sizeof(bundle->digest));
	return r < 0 || !signing_is_hex(bundle->digest, sizeof(bundle->digest) - 1) ? -EBADMSG : 0;
}

int bundle_parse(const void *bytes, size_t size, struct bundle *ret_bundle)
{
	struct signing_reader reader = {bytes, size};
	struct bundle bundle = {0};
	int r;

	if (size > BUNDLE_SIZE_MAX || size < strlen(HEAD) || memcmp(bytes, HEAD, strlen(HEAD)) != 0)
		return -EBADMSG;
	reader.at += strlen(HEAD);
	reader.left -= strlen(HEAD);
	r = who_get(&reader, &bundle);
	if (r == 0)
		r = require_get(&reader, &bundle.require);
	if (r == 0)
		r = when_get(&reader, &bundle);
	if (r == 0)
		r = what_get(&reader, &bundle);
	if (r < 0)
		return r;
	bundle.signed_size = size - reader.left;
	r = signing_signature(&reader, bundle.signature);
	if (r < 0 || reader.left != bundle.packed_size)
		return -EBADMSG;
	bundle.packed = (const uint8_t *)reader.at;
	*ret_bundle = bundle;
	return 0;
}

enum bundle_verdict bundle_verify(
	const struct bundle *bundle, const void *bytes, const struct bundle_terms *terms)
{
	uint8_t id[SIGNING_KEY_ID];
	char text[65];

	if (signing_key_id(terms->key, id) < 0)
		return BUNDLE_OTHER_KEY;
	hex_write(id, sizeof(id), text);
	if (strcmp(text, bundle->key_id) != 0)
		return BUNDLE_OTHER_KEY;
	if (!signing_verify(terms->key, bytes, bundle->signed_size, bundle->signature))
		return BUNDLE_BAD_SIGNATURE;
	if (digest_of(bundle->packed, bundle->packed_size, text) < 0 ||
		strcmp(text, bundle->digest) != 0)
		return BUNDLE_BAD_DIGEST;
	if (terms->tenant[0] && strcmp(terms->tenant, bundle->tenant) != 0)
		return BUNDLE_OTHER_TENANT;
	if (bundle->version < terms->version)
		return BUNDLE_ROLLBACK;
	return terms->now_s >= bundle->expires_s ? BUNDLE_TOO_LATE : BUNDLE_GOOD;
}

static const struct {
	const char *code;
	const char *text;
} verdicts[] = {
	[BUNDLE_GOOD] = {"GOOD", "it is good"},
	[BUNDLE_OTHER_KEY] = {"OTHER_KEY",
		"it is signed with a key that this device does not know"},
	[BUNDLE_BAD_SIGNATURE] = {"BAD_SIGNATURE", "its signature does not verify"},
	[BUNDLE_BAD_DIGEST] = {"BAD_DIGEST", "its files are not those that were signed"},
	[BUNDLE_OTHER_TENANT] = {"OTHER_TENANT", "it is another organisation's"},
	[BUNDLE_ROLLBACK] = {"ROLLBACK", "its version is below one that was here already"},
	[BUNDLE_TOO_LATE] = {"EXPIRED", "it has expired"},
};

const char *bundle_verdict_code(enum bundle_verdict verdict)
{
	return verdicts[verdict].code;
}

const char *bundle_verdict_text(enum bundle_verdict verdict)
{
	return verdicts[verdict].text;
}

/* Bytes of the signed lines, or negative errno. */
static int head_write(const struct bundle *bundle, const struct signing_key *key, char *ret_head)
{
	uint8_t id[SIGNING_KEY_ID];
	char id_text[2 * SIGNING_KEY_ID + 1], digest[65], require[POSTURE_TEXT_MAX];
	int size;

	if (!is_name(bundle->name) || !signing_is_hex(bundle->tenant, BUNDLE_TENANT_SIZE - 1) ||
		!bundle->version || bundle->version > VERSION_MAX ||
		bundle->expires_s <= bundle->made_s || !bundle->packed_size)
		return -EINVAL;
	if (bundle->packed_size > BUNDLE_PACKED_MAX)
		return -EFBIG;
	if (signing_key_id(key, id) < 0 ||
		digest_of(bundle->packed, bundle->packed_size, digest) < 0)
		return -EIO;
	hex_write(id, sizeof(id), id_text);
	posture_format(&bundle->require, require);
	size = snprintf(ret_head, BUNDLE_HEAD_MAX,
		HEAD "tenant %s\nname %s\nversion %" PRIu64 "\n%s%s%smade %" PRIu64
		     "\nexpires %" PRIu64 "\nkey %s\nsize %zu\ndigest %s\n",
		bundle->tenant, bundle->name, bundle->version, require[0] ? "require " : "",
		require, require[0] ? "\n" : "", bundle->made_s, bundle->expires_s, id_text,
		bundle->packed_size, digest);
	return signing_append(key, ret_head, (size_t)size, BUNDLE_HEAD_MAX);
}

int bundle_write(const struct bundle *bundle, const struct signing_key *key, uint8_t **ret_bytes,
	size_t *ret_size)
{
	char head[BUNDLE_HEAD_MAX];
	int size = head_write(bundle, key, head);
	uint8_t *bytes;

	if (size < 0)
		return size;
	bytes = malloc((size_t)size + bundle->packed_size);
	if (!bytes)
		return -ENOMEM;
	memcpy(bytes, head, (size_t)size);
	memcpy(bytes + size, bundle->packed, bundle->packed_size);
	*ret_bytes = bytes;
	*ret_size = (size_t)size + bundle->packed_size;
	return 0;
}
