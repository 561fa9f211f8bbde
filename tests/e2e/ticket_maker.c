/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets as the engine makes them, without one: its own code for what they say and the chain, a key in a
 * file in keyring's place.
 *
 *   ticket_maker DIR KEY COUNT ACCOUNT TENANT AUDIENCE [NONCE]
 *
 * DIR has uplink's device.crt and lease.word. What posture.c would know of the machine: secure boot is on.
 */
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/engine/ticket.h"
#include "agent/engine/trust.h"

/* The rest of the engine. */
bool report_is_enforcing(const struct engine *engine)
{
	(void)engine;
	return true;
}

enum trust_state trust_state(const struct engine *engine)
{
	(void)engine;
	return TRUST_TRUSTED;
}

const char *trust_state_name(enum trust_state state)
{
	return state == TRUST_TRUSTED ? "trusted" : "never";
}

static EVP_PKEY *key_read(const char *path)
{
	FILE *file = fopen(path, "r");
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

	if (file)
		(void)fclose(file); /* only read */
	return key;
}

static int sign(EVP_PKEY *key, const char *input, char *ret_ticket, size_t room)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t der[80], signature[TICKET_SIGNATURE_SIZE];
	size_t size = sizeof(der), used;
	int r = -1;

	if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(context, der, &size, (const uint8_t *)input, strlen(input)) == 1)
		r = ticket_signature_take(der, size, signature);
	EVP_MD_CTX_free(context);
	if (r < 0)
		return r;
	used = (size_t)snprintf(ret_ticket, room, "%s.", input);
	return ticket_encode(signature, sizeof(signature), ret_ticket + used, room - used);
}

int main(int argc, char **argv)
{
	static struct engine engine;
	struct policy_audience_entry audience = {.lifetime_s = 300};
	struct ticket_claims claims = {.audience = &audience, .nonce = ""};
	char bundle[512], input[TICKET_INPUT_MAX + 1], ticket[TICKET_MAX + 1];
	EVP_PKEY *key;

	if (argc < 7)
		return 2;
	(void)snprintf(bundle, sizeof(bundle), "%s/policy.bundle", argv[1]);
	engine.bundle_path = bundle;
	engine.runtime_directory = argv[1];
	(void)strcpy(engine.origin.boot_id, "0c1d2e3f-4a5b-4c6d-8e7f-101112131415"); /* fits */
	engine.posture.facts = json_tokener_parse("{\"secure_boot\":\"on\",\"virtual\":\"none\"}");
	key = key_read(argv[2]);
	claims.account = argv[4];
	claims.tenant = argv[5];
	audience.uri = argv[6];
	if (argc > 7)
		claims.nonce = argv[7];
	for (long i = strtol(argv[3], NULL, 10); i > 0; i--) {
		int r;

		claims.now_s = (uint64_t)time(NULL);
		r = ticket_input(&engine, &claims, input);
		if (r < 0 || sign(key, input, ticket, sizeof(ticket)) < 0) {
			(void)fprintf(stderr, "no ticket: %s\n", strerror(-r));
			return 1;
		}
		(void)puts(ticket);
	}
	EVP_PKEY_free(key);
	return 0;
}
