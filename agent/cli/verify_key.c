/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With a security key that is plugged in, by libfido2 (CTAP2). This process is the person's, as is
 * the key: what it sends is proven by the key's signature, which holdfast-verify checks.
 */
#include <errno.h>
#include <fido.h>
#include <fido/es256.h>
#include <json-c/json.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli/cli.h"
#include "agent/cli/verify.h"
#include "common/cleanup.h"

#define DEVICES_MAX 8
#define PIN_SIZE    64 /* CTAP2: 63 bytes at most */

static void device_free(fido_dev_t *device)
{
	if (device)
		(void)fido_dev_close(device); /* of one that was not opened: nothing */
	fido_dev_free(&device);
}

static void assertion_free(fido_assert_t *assertion)
{
	fido_assert_free(&assertion);
}

static void credential_free(fido_cred_t *credential)
{
	fido_cred_free(&credential);
}

CLEANUP_DEFINE(fido_dev_t, device_free)
CLEANUP_DEFINE(fido_assert_t, assertion_free)
CLEANUP_DEFINE(fido_cred_t, credential_free)

static int fail(const char *what, int error)
{
	(void)fprintf(stderr, "holdfast: %s: %s\n", what, fido_strerr(error));
	return CLI_REFUSED;
}

/* The first key that is there. NULL with words printed. */
static fido_dev_t *device_open(void)
{
	fido_dev_info_t *list = fido_dev_info_new(DEVICES_MAX);
	fido_dev_t *device = fido_dev_new();
	size_t count = 0;
	int r = FIDO_ERR_INTERNAL;

	if (list && device)
		r = fido_dev_info_manifest(list, DEVICES_MAX, &count);
	if (r == FIDO_OK && !count) {
		(void)fprintf(stderr, "holdfast: no security key is plugged in\n");
		fido_dev_free(&device);
	} else if (r == FIDO_OK) {
		r = fido_dev_open(device, fido_dev_info_path(fido_dev_info_ptr(list, 0)));
	}
	if (r != FIDO_OK) {
		(void)fail("cannot use the security key", r);
		fido_dev_free(&device);
	}
	fido_dev_info_free(&list, DEVICES_MAX);
	return device;
}

/* *ret_pin is NULL when the key has none. -EINVAL with words printed when none was entered. */
static int pin_ask(fido_dev_t *device, char pin[PIN_SIZE], const char **ret_pin)
{
	*ret_pin = NULL;
	if (!fido_dev_has_pin(device))
		return 0;
	*ret_pin = pin;
	return verify_prompt("PIN of your security key", pin, PIN_SIZE);
}

static size_t hex_get(const char *text, uint8_t *ret_bytes, size_t size)
{
	size_t count = strlen(text) / 2;
	unsigned int byte;

	if (count > size)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (sscanf(text + 2 * i, "%2x", &byte) != 1)
			return 0;
		ret_bytes[i] = (uint8_t)byte;
	}
	return count;
}

static bool blob_set(struct verify_blob *blob, const uint8_t *bytes, size_t size)
{
	if (!bytes || size > VERIFY_BLOB_MAX)
		return false;
	memcpy(blob->bytes, bytes, size);
	blob->size = (uint16_t)size;
	return true;
}

static int assertion_prepare(fido_assert_t *assertion, struct json_object *line)
{
	struct json_object *list = json_at(line, "credentials");
	uint8_t bytes[VERIFY_BLOB_MAX];
	int r;

	if (hex_get(json_text(line, "challenge"), bytes, sizeof(bytes)) != VERIFY_CHALLENGE_SIZE)
		return FIDO_ERR_INVALID_ARGUMENT;
	r = fido_assert_set_clientdata_hash(assertion, bytes, VERIFY_CHALLENGE_SIZE);
	if (r == FIDO_OK)
		r = fido_assert_set_rp(assertion, VERIFY_KEY_ORIGIN);
	if (r == FIDO_OK)
		r = fido_assert_set_up(assertion, FIDO_OPT_TRUE);
	for (size_t i = 0; list && r == FIDO_OK && i < json_object_array_length(list); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(list, i));

		r = fido_assert_allow_cred(assertion, bytes, hex_get(text, bytes, sizeof(bytes)));
	}
	return r;
}

/* libfido2 gives authenticator data as a CBOR byte string; the string is what the key signed. */
static bool data_set(struct verify_blob *blob, const uint8_t *cbor, size_t size)
{
	size_t head = size > 0 && cbor[0] == 0x58 ? 2 : size > 0 && cbor[0] == 0x59 ? 3 : 1;

	return size > head && blob_set(blob, cbor + head, size - head);
}

static int proof_send(int fd, const fido_assert_t *assertion)
{
	struct verify_request request = {.verb = VERIFY_ASK_KEY_PROOF};
	struct verify_blob *blobs = request.blobs;

	if (fido_assert_count(assertion) < 1 ||
		!blob_set(&blobs[VERIFY_CREDENTIAL], fido_assert_id_ptr(assertion, 0),
			fido_assert_id_len(assertion, 0)) ||
		!data_set(&blobs[VERIFY_DATA], fido_assert_authdata_ptr(assertion, 0),
			fido_assert_authdata_len(assertion, 0)) ||
		!blob_set(&blobs[VERIFY_SIGNATURE], fido_assert_sig_ptr(assertion, 0),
			fido_assert_sig_len(assertion, 0)))
		return fail("the security key's answer", FIDO_ERR_INVALID_ARGUMENT);
	return verify_ask(fd, &request, NULL);
}

int verify_with_key(int fd)
{
	const struct verify_request request = {.verb = VERIFY_ASK_KEY};
	auto_call(assertion_freep) fido_assert_t *assertion = fido_assert_new();
	auto_call(device_freep) fido_dev_t *device = NULL;
	struct json_object *line = NULL;
	const char *pin = NULL;
	char buffer[PIN_SIZE];
	int r;

	r = verify_ask(fd, &request, &line);
	if (r != CLI_DONE)
		return r;
	fido_init(0);
	r = assertion ? assertion_prepare(assertion, line) : FIDO_ERR_INTERNAL;
	(void)json_object_put(line); /* freed */
	if (r != FIDO_OK)
		return fail("cannot ask the security key", r);
	device = device_open();
	if (!device || pin_ask(device, buffer, &pin) < 0)
		return CLI_REFUSED;
	(void)fprintf(stderr, "Touch your security key.\n");
	r = fido_dev_get_assert(device, assertion, pin);
	explicit_bzero(buffer, sizeof(buffer));
	return r == FIDO_OK ? proof_send(fd, assertion) : fail("the security key", r);
}

static int credential_prepare(fido_cred_t *credential, struct json_object *line)
{
	const struct passwd *user = getpwuid(getuid());
	const char *name = user ? user->pw_name : "user";
	uint8_t challenge[VERIFY_CHALLENGE_SIZE];
	uid_t uid = getuid();
	int r;

	if (hex_get(json_text(line, "challenge"), challenge, sizeof(challenge)) !=
		sizeof(challenge))
		return FIDO_ERR_INVALID_ARGUMENT;
	r = fido_cred_set_type(credential, COSE_ES256);
	if (r == FIDO_OK)
		r = fido_cred_set_clientdata_hash(credential, challenge, sizeof(challenge));
	if (r == FIDO_OK)
		r = fido_cred_set_rp(credential, VERIFY_KEY_ORIGIN, "Holdfast");
	if (r == FIDO_OK)
		r = fido_cred_set_user(
			credential, (const unsigned char *)&uid, sizeof(uid), name, NULL, NULL);
	return r;
}

static int credential_send(int fd, const fido_cred_t *credential)
{
	struct verify_request request = {.verb = VERIFY_ASK_CONFIRM_KEY};
	struct verify_blob *blobs = request.blobs;

	if (!blob_set(&blobs[VERIFY_CREDENTIAL], fido_cred_id_ptr(credential),
		    fido_cred_id_len(credential)) ||
		!blob_set(&blobs[VERIFY_PUBLIC_KEY], fido_cred_pubkey_ptr(credential),
			fido_cred_pubkey_len(credential)) ||
		!data_set(&blobs[VERIFY_DATA], fido_cred_authdata_ptr(credential),
			fido_cred_authdata_len(credential)))
		return fail("the security key's answer", FIDO_ERR_INVALID_ARGUMENT);
	return verify_ask(fd, &request, NULL);
}

int verify_enrol_key(int fd)
{
	struct verify_request request = {.verb = VERIFY_ASK_ENROL_KEY};
	auto_call(credential_freep) fido_cred_t *credential = fido_cred_new();
	auto_call(device_freep) fido_dev_t *device = NULL;
	struct json_object *line = NULL;
	const char *pin = NULL;
	char buffer[PIN_SIZE];
	int r;

	fido_init(0);
	device = device_open();
	if (!device)
		return CLI_REFUSED;
	if (verify_prompt("Your password", request.secret, sizeof(request.secret)) < 0)
		return CLI_USAGE;
	r = verify_ask(fd, &request, &line);
	explicit_bzero(&request, sizeof(request));
	if (r != CLI_DONE)
		return r;
	r = credential ? credential_prepare(credential, line) : FIDO_ERR_INTERNAL;
	(void)json_object_put(line); /* freed */
	if (r != FIDO_OK)
		return fail("cannot ask the security key", r);
	if (pin_ask(device, buffer, &pin) < 0)
		return CLI_REFUSED;
	(void)fprintf(stderr, "Touch your security key.\n");
	r = fido_dev_make_cred(device, credential, pin);
	explicit_bzero(buffer, sizeof(buffer));
	return r == FIDO_OK ? credential_send(fd, credential) : fail("the security key", r);
}
