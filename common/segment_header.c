/* SPDX-License-Identifier: Apache-2.0 */
/* Headers: bytes to members, and whose signature is below them. */
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/segment_private.h"

void segment_header_put_open(struct bytes_writer *writer, const struct segment_header *header)
{
	bytes_put_blob(writer, SEGMENT_MAGIC, SEGMENT_MAGIC_SIZE);
	bytes_put_blob(writer, header->device_uid, SEGMENT_UID_SIZE);
	bytes_put_blob(writer, header->boot_uid, SEGMENT_UID_SIZE);
	bytes_put_u64(writer, header->number);
	bytes_put_u64(writer, header->first_sequence);
	bytes_put_blob(writer, header->key_id, HPKE_KEY_ID_SIZE);
}

void segment_info(const struct segment_header *header, uint8_t ret_info[SEGMENT_INFO_SIZE])
{
	struct bytes_writer writer;

	bytes_writer_init(&writer, ret_info, SEGMENT_INFO_SIZE);
	bytes_put_blob(&writer, SEGMENT_INFO, sizeof(SEGMENT_INFO) - 1);
	segment_header_put_open(&writer, header);
}

int segment_header_parse(struct bytes_reader *reader, struct segment_header *ret_header)
{
	struct bytes_reader at = *reader;
	struct segment_header header = {0};
	uint8_t magic[SEGMENT_MAGIC_SIZE], signature[SEGMENT_SIGNATURE_MAX];
	size_t signature_size;
	int r;

	bytes_get_blob(&at, magic, sizeof(magic));
	bytes_get_blob(&at, header.device_uid, SEGMENT_UID_SIZE);
	bytes_get_blob(&at, header.boot_uid, SEGMENT_UID_SIZE);
	header.number = bytes_get_u64(&at);
	header.first_sequence = bytes_get_u64(&at);
	bytes_get_blob(&at, header.key_id, HPKE_KEY_ID_SIZE);
	bytes_get_blob(&at, header.enc, HPKE_ENC_SIZE);
	bytes_get_blob(&at, header.previous, SEGMENT_HASH_SIZE);
	header.made_ms = bytes_get_u64(&at);
	signature_size = bytes_get_u16(&at);
	if (!signature_size || signature_size > sizeof(signature))
		return -EBADMSG;
	bytes_get_blob(&at, signature, signature_size);
	if (at.is_bad || memcmp(magic, SEGMENT_MAGIC, SEGMENT_MAGIC_SIZE) != 0 || !header.number ||
		!header.first_sequence)
		return -EBADMSG;
	header.size = reader->left - at.left;
	memcpy(header.bytes, reader->at, header.size);
	r = digest_of(&(struct digest_piece){header.bytes, header.size}, 1, header.hash);
	if (r < 0)
		return r;
	*reader = at;
	*ret_header = header;
	return 0;
}

/* Only a key of that curve: what it must be is no choice of who sends the header. */
static bool is_device_key(EVP_PKEY *key)
{
	char group[64];
	size_t size = 0;

	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &size) > 0 &&
	       !strcmp(group, "prime256v1");
}

int segment_header_verify(const struct segment_header *header, EVP_PKEY *key)
{
	const size_t before = SEGMENT_SIGNED_SIZE + 2;
	EVP_MD_CTX *context;
	bool is_good;

	if (!is_device_key(key))
		return -EINVAL;
	if (header->size <= before || header->size > SEGMENT_HEADER_MAX)
		return -EBADMSG;
	context = EVP_MD_CTX_new();
	if (!context)
		return -ENOMEM;
	is_good = EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) > 0 &&
		  EVP_DigestVerify(context, header->bytes + before, header->size - before,
			  header->bytes, SEGMENT_SIGNED_SIZE) == 1;
	EVP_MD_CTX_free(context);
	return is_good ? 0 : -EBADMSG;
}
