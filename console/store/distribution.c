/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/distribution.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/digest.h"
#include "common/file.h"
#include "policy/bundle.h"

_Static_assert(BUNDLE_SIZE_MAX <= CONSOLE_POLICY_MAX, "every bundle can be passed on");

bool distribution_covers(const uint8_t uid[CONSOLE_UID_SIZE], uint64_t version, uint32_t percent)
{
	uint8_t number[8], digest[DIGEST_SIZE];
	const struct digest_piece pieces[] = {{uid, CONSOLE_UID_SIZE}, {number, sizeof(number)}};

	if (percent >= 100)
		return true;
	for (unsigned int i = 0; i < sizeof(number); i++)
		number[i] = (uint8_t)(version >> (8 * i));
	if (digest_of(pieces, 2, digest) < 0)
		return false; /* later, then */
	return (digest[0] | (uint32_t)digest[1] << 8 | (uint32_t)digest[2] << 16) % 100 < percent;
}

int distribution_find(struct store *store, int64_t device, const uint8_t uid[CONSOLE_UID_SIZE],
	uint64_t have, uint64_t *ret_version)
{
	struct store_candidate candidates[DISTRIBUTION_LOOK];
	int count = store_policy_candidates(store, device, have, candidates, DISTRIBUTION_LOOK);

	if (count < 0)
		return count;
	*ret_version = 0;
	for (int i = 0; i < count && !*ret_version; i++)
		if (distribution_covers(uid, candidates[i].version, candidates[i].percent))
			*ret_version = candidates[i].version;
	return 0;
}

int distribution_read(const void *bytes, size_t size, struct store_policy *ret_policy)
{
	struct bundle bundle;

	if (bundle_parse(bytes, size, &bundle) < 0 || !bundle.version)
		return -EBADMSG;
	*ret_policy = (struct store_policy){.version = bundle.version,
		.made_ms = (int64_t)bundle.made_s * 1000,
		.expires_ms = (int64_t)bundle.expires_s * 1000,
		.size = (uint32_t)size};
	(void)snprintf(ret_policy->name, sizeof(ret_policy->name), "%s", bundle.name); /* fits */
	memcpy(ret_policy->digest, bundle.digest, sizeof(ret_policy->digest));
	memcpy(ret_policy->key_id, bundle.key_id, sizeof(ret_policy->key_id));
	return 0;
}

bool distribution_is_tag(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t size = strspn(text, letters);

	return size && !text[size] && size < STORE_TAG_SIZE && text[0] != '-';
}

int distribution_file(struct distribution_files *files, struct store *store, uint64_t version,
	int *ret_fd, uint32_t *ret_size)
{
	auto_free uint8_t *bytes = NULL;
	unsigned int place = 0;
	size_t size;
	int fd, r;

	while (place < DISTRIBUTION_KEPT && files->kept[place].version != version)
		place++;
	if (place == DISTRIBUTION_KEPT) {
		r = store_policy_bundle(store, version, &bytes, &size);
		if (r < 0)
			return r;
		fd = file_in_memory("holdfast-policy", bytes, size);
		if (fd < 0)
			return fd;
		place = files->next;
		files->next = (files->next + 1) % DISTRIBUTION_KEPT;
		if (files->kept[place].version)
			(void)close(files->kept[place].fd); /* others have their own */
		files->kept[place].version = version;
		files->kept[place].size = (uint32_t)size;
		files->kept[place].fd = fd;
	}
	*ret_fd = files->kept[place].fd;
	*ret_size = files->kept[place].size;
	return 0;
}
