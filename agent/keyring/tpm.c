/* SPDX-License-Identifier: Apache-2.0 */
/* By the TPM software stack's ESAPI. TPM2 parts and pages: TCG TPM 2.0 library, revision 1.59. */
#include "agent/keyring/tpm.h"

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tpm2_types.h>

#include "agent/keyring/tpm_channel.h"

#define STORAGE_KEY   0x81000001u /* where TCG's provisioning guidance puts it, if anybody did */
#define TROUBLE_SIZE  200
#define NAME_MAX_SIZE sizeof(((TPM2B_NAME *)0)->name)
#define NO_SESSIONS   ESYS_TR_NONE, ESYS_TR_NONE

static const char magic[8] = "HFTPM1\0"; /* no DER begins so */

struct tpm {
	struct tpm_channel channel;
	ESYS_CONTEXT *esys;
	TPM2B_NAME storage; /* the name of its storage key: which TPM this is */
	char trouble[TROUBLE_SIZE];
};

struct tpm_key {
	TPM2B_PUBLIC public_part;
	TPM2B_PRIVATE private_part; /* sealed to the storage key */
	TPM2B_NAME storage;	    /* of the TPM that made it */
	ESYS_TR handle;		    /* ESYS_TR_NONE: not loaded */
};

/* What a key that wraps others has, by both profiles. */
#define PARENT_OF_P256                                                         \
	{                                                                      \
		.symmetric = {.algorithm = TPM2_ALG_AES,                       \
			.keyBits.aes = 128,                                    \
			.mode.aes = TPM2_ALG_CFB},                             \
		.scheme.scheme = TPM2_ALG_NULL, .curveID = TPM2_ECC_NIST_P256, \
		.kdf.scheme = TPM2_ALG_NULL                                    \
	}

/* TCG EK credential profile, template of the storage key for ECC P-256: any stack makes the same one. */
static const TPM2B_PUBLIC storage_template = {
	.publicArea =
		{
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
					    TPMA_OBJECT_SENSITIVEDATAORIGIN |
					    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |
					    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
			.parameters.eccDetail = PARENT_OF_P256,
		},
};

/* Never leaves the TPM (fixedTPM, fixedParent), was made in it (sensitiveDataOrigin). */
#define SIGNING_KEY(more)                                                                    \
	{                                                                                    \
		.publicArea = {                                                              \
			.type = TPM2_ALG_ECC,                                                \
			.nameAlg = TPM2_ALG_SHA256,                                          \
			.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
					    TPMA_OBJECT_SENSITIVEDATAORIGIN |                \
					    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA |    \
					    TPMA_OBJECT_SIGN_ENCRYPT | (more),               \
			.parameters.eccDetail =                                              \
				{                                                            \
					.symmetric.algorithm = TPM2_ALG_NULL,                \
					.scheme = {.scheme = TPM2_ALG_ECDSA,                 \
						.details.ecdsa.hashAlg = TPM2_ALG_SHA256},   \
					.curveID = TPM2_ECC_NIST_P256,                       \
					.kdf.scheme = TPM2_ALG_NULL,                         \
				},                                                           \
		},                                                                           \
	}

static const TPM2B_PUBLIC key_template = SIGNING_KEY(0);
/* Signs what the TPM itself says, and nothing that it is given. */
static const TPM2B_PUBLIC attestation_template = SIGNING_KEY(TPMA_OBJECT_RESTRICTED);

/* TCG EK credential profile 2.5, B.3.4, template L-2. */
static const TPM2B_PUBLIC endorsement_template = {
	.publicArea =
		{
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
					    TPMA_OBJECT_SENSITIVEDATAORIGIN |
					    TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED |
					    TPMA_OBJECT_DECRYPT,
			.authPolicy = {.size = 32,
				.buffer = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a,
					0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7,
					0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33,
					0x14, 0x69, 0xaa}},
			.parameters.eccDetail = PARENT_OF_P256,
			.unique.ecc = {.x.size = 32, .y.size = 32},
		},
};

/* A key has no password, no words of ours and no state of the machine in it. */
static const TPM2B_SENSITIVE_CREATE no_secret;
static const TPM2B_DATA no_words;
static const TPML_PCR_SELECTION no_pcrs;

const char *tpm_trouble(const struct tpm *tpm)
{
	return tpm->trouble;
}

bool tpm_is_gone(const struct tpm *tpm)
{
	return tpm->channel.is_broken;
}

static int complain(struct tpm *tpm, int error, const char *what, TSS2_RC code)
{
	(void)snprintf(tpm->trouble, sizeof(tpm->trouble), "%s (TPM code 0x%x)", what, code);
	return error;
}

static int failed(struct tpm *tpm, const char *what, TSS2_RC code)
{
	return tpm->channel.is_broken
		       ? complain(tpm, -ENXIO, "the TPM is gone, or does not answer", code)
		       : complain(tpm, -EIO, what, code);
}

/* Which handle or parameter it is about is part of some codes: format 1, part 2, 6.6.3. */
static bool is_code(TSS2_RC code, TPM2_RC wanted)
{
	if (code & 0xffff0000u)
		return false;
	return code == wanted || ((code & TPM2_RC_FMT1) && (code & 0x00bfu) == wanted);
}

static bool is_warning(TSS2_RC code, TPM2_RC wanted)
{
	return (code & ~0x0fu) == (wanted & ~0x0fu) && !(code & 0xffff0000u);
}

static void forget(struct tpm *tpm, ESYS_TR handle)
{
	if (handle != ESYS_TR_NONE && Esys_FlushContext(tpm->esys, handle) != TSS2_RC_SUCCESS)
		(void)Esys_TR_Close(tpm->esys, &handle); /* the TPM has it no more */
}

static int storage_make(struct tpm *tpm, ESYS_TR *ret_handle)
{
	TSS2_RC code;

	code = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, NO_SESSIONS,
		&no_secret, &storage_template, &no_words, &no_pcrs, ret_handle, NULL, NULL, NULL,
		NULL);
	if (code == TSS2_RC_SUCCESS)
		return 0;
	if (!is_code(code, TPM2_RC_BAD_AUTH) && !is_code(code, TPM2_RC_AUTH_FAIL))
		return failed(tpm, "the TPM makes no storage key", code);
	code = Esys_TR_FromTPMPublic(tpm->esys, STORAGE_KEY, ESYS_TR_NONE, NO_SESSIONS, ret_handle);
	if (code == TSS2_RC_SUCCESS)
		return 0;
	return tpm->channel.is_broken
		       ? failed(tpm, "", code)
		       : complain(tpm, -EACCES,
				 "the TPM's owner hierarchy has a password, and no storage key is "
				 "kept at 0x81000001",
				 code);
}

/* The storage key, and its name; the caller lets it go with storage_done(). */
static int storage_begin(struct tpm *tpm, ESYS_TR *ret_handle)
{
	TPM2B_NAME *name = NULL;
	ESYS_TR handle;
	int r;

	r = storage_make(tpm, &handle);
	if (r < 0)
		return r;
	if (Esys_TR_GetName(tpm->esys, handle, &name) == TSS2_RC_SUCCESS)
		tpm->storage = *name;
	Esys_Free(name);
	*ret_handle = handle;
	return 0;
}

/* Transient ones are flushed; of a persistent one only what the stack knows of it goes. */
static void storage_done(struct tpm *tpm, ESYS_TR handle)
{
	TPM2_HANDLE number = 0;

	if (Esys_TR_GetTpmHandle(tpm->esys, handle, &number) == TSS2_RC_SUCCESS &&
		number == STORAGE_KEY)
		(void)Esys_TR_Close(tpm->esys, &handle); /* stays in the TPM */
	else
		forget(tpm, handle);
}

int tpm_open(int fd, struct tpm **ret_tpm)
{
	auto_call(tpm_freep) struct tpm *tpm = calloc(1, sizeof(*tpm));

	if (!tpm)
		return -ENOMEM;
	tpm_channel_init(&tpm->channel, fd);
	if (Esys_Initialize(&tpm->esys, (TSS2_TCTI_CONTEXT *)&tpm->channel, NULL) !=
		TSS2_RC_SUCCESS)
		return -EIO;
	*ret_tpm = take_ptr(tpm);
	return 0;
}

void tpm_free(struct tpm *tpm)
{
	if (!tpm)
		return;
	if (tpm->esys)
		Esys_Finalize(&tpm->esys);
	free(tpm);
}

int tpm_endorsement(struct tpm *tpm, uint8_t ret_hash[32])
{
	uint8_t bytes[sizeof(TPM2B_PUBLIC)];
	TPM2B_PUBLIC *public_part = NULL;
	unsigned int hash_size = 32;
	size_t used = 0;
	ESYS_TR handle;
	TSS2_RC code;

	code = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, NO_SESSIONS,
		&no_secret, &endorsement_template, &no_words, &no_pcrs, &handle, &public_part, NULL,
		NULL, NULL);
	if (code != TSS2_RC_SUCCESS)
		return failed(tpm, "the TPM does not show its endorsement key", code);
	forget(tpm, handle);
	code = Tss2_MU_TPM2B_PUBLIC_Marshal(public_part, bytes, sizeof(bytes), &used);
	Esys_Free(public_part);
	return code == TSS2_RC_SUCCESS && EVP_Digest(bytes, used, ret_hash, &hash_size,
						  EVP_sha256(), NULL) == 1
		       ? 0
		       : -EIO;
}

void tpm_key_free(struct tpm *tpm, struct tpm_key *key)
{
	if (!key)
		return;
	if (tpm)
		forget(tpm, key->handle);
	free(key);
}

int tpm_key_load(struct tpm *tpm, struct tpm_key *key)
{
	ESYS_TR storage;
	TSS2_RC code;
	int r;

	if (key->handle != ESYS_TR_NONE)
		return 0;
	r = storage_begin(tpm, &storage);
	if (r < 0)
		return r;
	code = Esys_Load(tpm->esys, storage, ESYS_TR_PASSWORD, NO_SESSIONS, &key->private_part,
		&key->public_part, &key->handle);
	storage_done(tpm, storage);
	if (code == TSS2_RC_SUCCESS) {
		tpm->trouble[0] = '\0';
		return 0;
	}
	key->handle = ESYS_TR_NONE;
	if (!tpm->channel.is_broken &&
		(key->storage.size != tpm->storage.size ||
			memcmp(key->storage.name, tpm->storage.name, key->storage.size) != 0))
		return complain(tpm, -EKEYREJECTED,
			"the device key was made in another TPM: its file was copied from another "
			"machine, or this machine's TPM was cleared or exchanged",
			code);
	return failed(tpm, "the TPM does not take the device key", code);
}

int tpm_key_make(struct tpm *tpm, struct tpm_key **ret_key)
{
	struct tpm_key *key = calloc(1, sizeof(*key));
	TPM2B_PRIVATE *private_part = NULL;
	TPM2B_PUBLIC *public_part = NULL;
	ESYS_TR storage;
	TSS2_RC code;
	int r;

	if (!key)
		return -ENOMEM;
	key->handle = ESYS_TR_NONE;
	r = storage_begin(tpm, &storage);
	if (r < 0)
		goto fail;
	code = Esys_Create(tpm->esys, storage, ESYS_TR_PASSWORD, NO_SESSIONS, &no_secret,
		&key_template, &no_words, &no_pcrs, &private_part, &public_part, NULL, NULL, NULL);
	storage_done(tpm, storage);
	if (code != TSS2_RC_SUCCESS) {
		r = failed(tpm, "the TPM makes no key", code);
		goto fail;
	}
	key->private_part = *private_part;
	key->public_part = *public_part;
	key->storage = tpm->storage;
	Esys_Free(private_part);
	Esys_Free(public_part);
	r = tpm_key_load(tpm, key);
	if (r < 0)
		goto fail;
	*ret_key = key;
	return 0;
fail:
	free(key);
	return r;
}

bool tpm_key_is_blob(const void *bytes, size_t size)
{
	return size >= sizeof(magic) && !memcmp(bytes, magic, sizeof(magic));
}

/* A point of P-256 as all stacks write it, and nothing that we would not have made. */
static bool is_ours(const TPM2B_PUBLIC *public_part)
{
	const TPMT_PUBLIC *area = &public_part->publicArea;

	return area->type == TPM2_ALG_ECC &&
	       area->objectAttributes == key_template.publicArea.objectAttributes &&
	       area->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 &&
	       area->unique.ecc.x.size <= 32 && area->unique.ecc.y.size <= 32;
}

int tpm_key_parse(const void *bytes, size_t size, struct tpm_key **ret_key)
{
	struct tpm_key *key;
	size_t at = sizeof(magic);

	if (size > TPM_BLOB_MAX || !tpm_key_is_blob(bytes, size))
		return -EBADMSG;
	key = calloc(1, sizeof(*key));
	if (!key)
		return -ENOMEM;
	key->handle = ESYS_TR_NONE;
	if (Tss2_MU_TPM2B_NAME_Unmarshal(bytes, size, &at, &key->storage) != TSS2_RC_SUCCESS ||
		Tss2_MU_TPM2B_PUBLIC_Unmarshal(bytes, size, &at, &key->public_part) !=
			TSS2_RC_SUCCESS ||
		Tss2_MU_TPM2B_PRIVATE_Unmarshal(bytes, size, &at, &key->private_part) !=
			TSS2_RC_SUCCESS ||
		at != size || !is_ours(&key->public_part)) {
		free(key);
		return -EBADMSG;
	}
	*ret_key = key;
	return 0;
}

size_t tpm_key_format(const struct tpm_key *key, uint8_t ret_bytes[TPM_BLOB_MAX])
{
	size_t used = sizeof(magic);

	memcpy(ret_bytes, magic, sizeof(magic));
	if (Tss2_MU_TPM2B_NAME_Marshal(&key->storage, ret_bytes, TPM_BLOB_MAX, &used) !=
			TSS2_RC_SUCCESS ||
		Tss2_MU_TPM2B_PUBLIC_Marshal(&key->public_part, ret_bytes, TPM_BLOB_MAX, &used) !=
			TSS2_RC_SUCCESS ||
		Tss2_MU_TPM2B_PRIVATE_Marshal(&key->private_part, ret_bytes, TPM_BLOB_MAX, &used) !=
			TSS2_RC_SUCCESS)
		return 0; /* does not happen: TPM_BLOB_MAX is three times of it */
	return used;
}

static void public_format(const TPM2B_PUBLIC *public_part, uint8_t ret_bytes[TPM_PUBLIC_SIZE])
{
	/* RFC 5480: id-ecPublicKey with prime256v1, and a bit string that begins an uncompressed point. */
	static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
		0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
		0x42, 0x00, 0x04};
	const TPMS_ECC_POINT *point = &public_part->publicArea.unique.ecc;

	memset(ret_bytes, 0, TPM_PUBLIC_SIZE);
	memcpy(ret_bytes, head, sizeof(head));
	memcpy(ret_bytes + sizeof(head) + 32 - point->x.size, point->x.buffer, point->x.size);
	memcpy(ret_bytes + TPM_PUBLIC_SIZE - point->y.size, point->y.buffer, point->y.size);
}

void tpm_key_public(const struct tpm_key *key, uint8_t ret_bytes[TPM_PUBLIC_SIZE])
{
	public_format(&key->public_part, ret_bytes);
}

static int signature_format(const TPMT_SIGNATURE *signature, void *ret_bytes, size_t size)
{
	const TPMS_SIGNATURE_ECC *from = &signature->signature.ecdsa;
	BIGNUM *first = BN_bin2bn(from->signatureR.buffer, from->signatureR.size, NULL);
	BIGNUM *second = BN_bin2bn(from->signatureS.buffer, from->signatureS.size, NULL);
	ECDSA_SIG *made = ECDSA_SIG_new();
	uint8_t *at = ret_bytes;
	int r = -ENOMEM;

	if (first && second && made && ECDSA_SIG_set0(made, first, second) == 1) {
		first = second = NULL; /* are made's now */
		r = i2d_ECDSA_SIG(made, NULL);
		r = r <= 0 ? -EIO : (size_t)r > size ? -ENOBUFS : i2d_ECDSA_SIG(made, &at);
	}
	BN_free(first);
	BN_free(second);
	ECDSA_SIG_free(made);
	return r;
}

static TSS2_RC sign_once(struct tpm *tpm, struct tpm_key *key, const TPM2B_DIGEST *digest,
	TPMT_SIGNATURE **ret_signature)
{
	const TPMT_SIG_SCHEME as_the_key_says = {.scheme = TPM2_ALG_NULL};
	const TPMT_TK_HASHCHECK none = {.tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL};

	return Esys_Sign(tpm->esys, key->handle, ESYS_TR_PASSWORD, NO_SESSIONS, digest,
		&as_the_key_says, &none, ret_signature);
}

int tpm_key_sign(struct tpm *tpm, struct tpm_key *key, const uint8_t digest[32], void *ret_bytes,
	size_t size)
{
	TPM2B_DIGEST wanted = {.size = 32};
	TPMT_SIGNATURE *signature = NULL;
	TSS2_RC code;
	int r;

	memcpy(wanted.buffer, digest, 32);
	r = tpm_key_load(tpm, key);
	if (r < 0)
		return r;
	code = sign_once(tpm, key, &wanted, &signature);
	if (is_code(code, TPM2_RC_HANDLE) || is_warning(code, TPM2_RC_REFERENCE_H0)) {
		/* It was reset: a suspended machine's is. What it held is loaded again. */
		(void)Esys_TR_Close(tpm->esys, &key->handle); /* the TPM has it no more */
		key->handle = ESYS_TR_NONE;
		r = tpm_key_load(tpm, key);
		if (r < 0)
			return r;
		code = sign_once(tpm, key, &wanted, &signature);
	}
	if (code != TSS2_RC_SUCCESS)
		return failed(tpm, "the TPM does not sign", code);
	r = signature_format(signature, ret_bytes, size);
	Esys_Free(signature);
	return r;
}

static int quote_format(const TPM2B_ATTEST *statement, const TPM2B_PUBLIC *public_part,
	const TPMT_SIGNATURE *signature, uint8_t ret_bytes[QUOTE_MAX])
{
	size_t used = 2;
	int r;

	_Static_assert(TPM_PUBLIC_SIZE == QUOTE_PUBLIC_SIZE, "both are of P-256");
	if (statement->size > QUOTE_STATEMENT_MAX)
		return -EIO;
	ret_bytes[0] = (uint8_t)statement->size;
	ret_bytes[1] = (uint8_t)(statement->size >> 8);
	memcpy(ret_bytes + used, statement->attestationData, statement->size);
	used += statement->size;
	public_format(public_part, ret_bytes + used);
	used += QUOTE_PUBLIC_SIZE;
	r = signature_format(signature, ret_bytes + used, QUOTE_SIGNATURE_MAX);
	return r < 0 ? r : (int)used + r;
}

int tpm_quote(struct tpm *tpm, const uint8_t data[32], uint8_t ret_bytes[QUOTE_MAX])
{
	const TPML_PCR_SELECTION registers = {.count = 1,
		.pcrSelections = {{.hash = TPM2_ALG_SHA256,
			.sizeofSelect = 3,
			.pcrSelect = {QUOTE_REGISTERS}}}};
	const TPMT_SIG_SCHEME as_the_key_says = {.scheme = TPM2_ALG_NULL};
	TPM2B_PUBLIC *public_part = NULL;
	TPMT_SIGNATURE *signature = NULL;
	TPM2B_DATA wanted = {.size = 32};
	TPM2B_ATTEST *statement = NULL;
	ESYS_TR handle;
	TSS2_RC code;
	int r;

	memcpy(wanted.buffer, data, 32);
	code = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, NO_SESSIONS,
		&no_secret, &attestation_template, &no_words, &no_pcrs, &handle, &public_part, NULL,
		NULL, NULL);
	if (code != TSS2_RC_SUCCESS)
		return failed(tpm, "the TPM makes no key to attest with", code);
	code = Esys_Quote(tpm->esys, handle, ESYS_TR_PASSWORD, NO_SESSIONS, &wanted,
		&as_the_key_says, &registers, &statement, &signature);
	forget(tpm, handle);
	r = code == TSS2_RC_SUCCESS ? quote_format(statement, public_part, signature, ret_bytes)
				    : failed(tpm, "the TPM does not attest", code);
	Esys_Free(statement);
	Esys_Free(signature);
	Esys_Free(public_part);
	return r;
}
