/* SPDX-License-Identifier: Apache-2.0 */
/* The three parts of a ticket: letters, what keyring signs, the two forms of a signature. */
#include <criterion/criterion.h>
#include <errno.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "common/ticket.h"

Test(ticket, letters_there_and_back)
{
	uint8_t bytes[67], back[67];
	char text[TICKET_BASE64URL_SIZE(sizeof(bytes))];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 250);
	for (size_t size = 0; size <= sizeof(bytes); size++) {
		int length = ticket_encode(bytes, size, text, sizeof(text));

		cr_assert_eq(length, (int)TICKET_BASE64URL_SIZE(size) - 1, "%zu: %d", size, length);
		cr_assert_null(strpbrk(text, "+/="));
		cr_assert_eq(ticket_decode(text, (size_t)length, back, sizeof(back)), (int)size);
		cr_assert_eq(memcmp(bytes, back, size), 0);
		if (size)
			cr_expect_eq(
				ticket_decode(text, (size_t)length, back, size - 1), -EMSGSIZE);
	}
	cr_expect_eq(ticket_encode(bytes, 67, text, 89), -EMSGSIZE);
}

/* One text for the same bytes: what no encoder writes is none. */
Test(ticket, letters_that_are_none)
{
	static const char *const bads[] = {
		"A", "AAAAA", "AA=", "AA==", "A+", "A/", "A\n", "AB", "AAB", "A A"};
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
		cr_expect_eq(ticket_decode(bads[i], strlen(bads[i]), bytes, sizeof(bytes)),
			-EBADMSG, "%s", bads[i]);
	cr_expect_eq(ticket_decode("AA\0A", 4, bytes, sizeof(bytes)), -EBADMSG);
	cr_expect_eq(ticket_decode("AA", 2, bytes, sizeof(bytes)), 1);
}

static bool is_input(const char *header, const char *payload)
{
	char text[TICKET_INPUT_MAX];
	int used = ticket_encode(header, strlen(header), text, sizeof(text));

	text[used++] = '.';
	used += ticket_encode(payload, strlen(payload), text + used, sizeof(text) - (size_t)used);
	return ticket_is_input(text, (size_t)used);
}

/* Nothing else that the device's key signs has this form, and nothing of this form is something else. */
Test(ticket, what_keyring_signs)
{
	static const struct {
		const char *header, *payload;
		bool is_good;
	} rows[] = {
		{TICKET_HEAD "\"MII\"]}", "{\"sub\":\"alice\",\"trust\":\"trusted\"}", true},
		{"{\"alg\":\"none\",\"typ\":\"" TICKET_TYPE "\",\"x5c\":[\"MII\"]}",
			"{\"trust\":\"trusted\"}", false},
		{"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"x5c\":[\"MII\"]}", "{\"trust\":\"trusted\"}",
			false},
		{"HFSEG1\0", "{\"trust\":\"trusted\"}", false},
		{"holdfast-lease-request 1\n", "{\"trust\":\"trusted\"}", false},
		{TICKET_HEAD "\"MII\"]}", "[]", false},
		{TICKET_HEAD "\"MII\"", "{\"trust\":\"trusted\"}", false},
		{TICKET_HEAD "\"MII\"]}", "", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_expect_eq(is_input(rows[i].header, rows[i].payload), rows[i].is_good, "%zu", i);
	cr_expect(is_input(TICKET_HEAD "\"MII\"]}", "{\"trust\":\"trusted\"}"));
	cr_expect_not(is_input(TICKET_HEAD "\"MII\"]}", "{\"trust\":\"unmanaged\"}"));
	cr_expect_not(ticket_is_input("HFSEG1\0", 7));
	cr_expect_not(ticket_is_input("", 0));
	cr_expect_not(ticket_is_input(".", 1));
}

Test(ticket, signatures_both_ways)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t der[128], again[128], raw[TICKET_SIGNATURE_SIZE];

	cr_assert(key);
	for (unsigned int i = 0; i < 200; i++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		size_t size = sizeof(der);
		int r;

		cr_assert_eq(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
		cr_assert_eq(EVP_DigestSign(context, der, &size, (uint8_t *)&i, sizeof(i)), 1);
		EVP_MD_CTX_free(context);
		cr_assert_eq(ticket_signature_take(der, size, raw), 0);
		r = ticket_signature_to_der(raw, again, sizeof(again));
		cr_assert_eq(r, (int)size);
		cr_assert_arr_eq(der, again, size);
		cr_expect_eq(ticket_signature_take(der, size - 1, raw), -EBADMSG);
	}
	EVP_PKEY_free(key);
}
