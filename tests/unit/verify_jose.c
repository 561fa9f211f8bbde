/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 7515's own examples, A.2 and A.3, and what is no base64url. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "agent/page/jose.h"
#include "common/json.h"

#define CLAIMS                                                                                    \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp" \
	"0cnVlfQ"
#define RS256_SIGNATURE                                                                           \
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"   \
	"O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIAR"  \
	"NPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ" \
	"1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define ES256_SIGNATURE \
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

static const char rsa_keys[] =
	"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
	"wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_"
	"YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
	"UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NA"
	"co9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}]}";
static const char ec_keys[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
			      "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
			      "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
static const char rs256[] = "eyJhbGciOiJSUzI1NiJ9." CLAIMS "." RS256_SIGNATURE;
static const char es256[] = "eyJhbGciOiJFUzI1NiJ9." CLAIMS "." ES256_SIGNATURE;

static void expect_good(const char *token, const char *keys)
{
	struct json_object *claims = NULL;

	cr_assert_eq(jose_open(token, keys, &claims), ID_TOKEN_GOOD, "%s", token);
	cr_expect_str_eq(json_text(claims, "iss"), "joe");
	cr_expect_eq(json_number(claims, "exp"), 1300819380);
	(void)json_object_put(claims); /* freed */
}

Test(verify_jose, examples_of_the_rfc)
{
	struct json_object *claims = NULL;

	expect_good(rs256, rsa_keys);
	expect_good(es256, ec_keys);
	cr_expect_eq(jose_open(rs256, ec_keys, &claims), ID_TOKEN_ALGORITHM);
	cr_expect_eq(jose_open(es256, rsa_keys, &claims), ID_TOKEN_ALGORITHM);
	cr_expect_null(claims);
}

/* What is signed, and the signature; but for the last letter, of which some bits mean nothing. */
Test(verify_jose, every_letter_counts)
{
	char token[sizeof(es256)];
	struct json_object *claims = NULL;

	for (size_t i = 0; i < sizeof(es256) - 1; i++) {
		if (es256[i] == '.')
			continue;
		memcpy(token, es256, sizeof(token));
		token[i] = token[i] == 'A' ? 'B' : 'A';
		cr_expect_neq(jose_open(token, ec_keys, &claims), ID_TOKEN_GOOD, "%zu", i);
	}
}

Test(verify_jose, one_text_for_one_value)
{
	static const char *const bad[] = {
		"A", "AB=", "AA==", "A+", "A/", "AB", "AAB", "A A", "AAAA\n"};
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(jose_decode(bad[i], strlen(bad[i]), bytes, sizeof(bytes)), -EBADMSG,
			"%s", bad[i]);
	cr_expect_eq(jose_decode("-_8", 3, bytes, sizeof(bytes)), 2);
	cr_expect(bytes[0] == 0xfb && bytes[1] == 0xff);
	cr_expect_eq(jose_decode("", 0, bytes, sizeof(bytes)), 0);
	cr_expect_eq(jose_decode("AAAAAAAAAAAA", 12, bytes, sizeof(bytes)), -EBADMSG, "too long");
}
