/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the agent's programs are those that were installed: each against its SHA-256 in the
 * manifests that the build made, which are guarded as the programs are. dpkg's own list has MD5, and is
 * anybody's who is root. Who replaces both is found by the manifests' own digest, which the console
 * has beside the version.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/survey/survey.h"
#include "common/cleanup.h"
#include "common/hex.h"
#include "common/manifests.h"
#include "common/text.h"

#define DIGEST_DIGITS 64
#define FILES_MAX     64
#define BLOCK	      65536
#define HASH_SHOWN    16

struct check {
	const struct survey *survey;
	EVP_MD_CTX *whole; /* of the manifests' lines */
	unsigned int count;
	bool is_bad;			/* a manifest is none */
	char changed[SURVEY_TEXT_SIZE]; /* the first file that is another; "" = none */
};

static bool digest_file(const struct survey *survey, const char *path, char ret_text[65])
{
	auto_close int fd = openat(survey->root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	EVP_MD_CTX *context = fd < 0 ? NULL : EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];
	static uint8_t block[BLOCK];
	struct stat status;
	bool is_good = context && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
		       EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
	ssize_t got = is_good ? read(fd, block, sizeof(block)) : 0;

	for (; is_good && got > 0; got = read(fd, block, sizeof(block)))
		is_good = EVP_DigestUpdate(context, block, (size_t)got) == 1;
	is_good = is_good && got == 0 && EVP_DigestFinal_ex(context, digest, NULL) == 1;
	EVP_MD_CTX_free(context);
	if (is_good)
		hex_write(digest, DIGEST_DIGITS / 2, ret_text);
	return is_good;
}

/* "9c1e...  usr/sbin/holdfastd": as sha256sum(1) writes them, from the root directory on. */
static bool on_file(const char *line, void *userdata)
{
	struct check *check = userdata;
	const char *path = line + DIGEST_DIGITS + 2;
	char digest[65];

	if (strspn(line, "0123456789abcdef") != DIGEST_DIGITS ||
		strncmp(line + DIGEST_DIGITS, "  ", 2) != 0 || !*path || *path == '/' ||
		check->count++ == FILES_MAX ||
		EVP_DigestUpdate(check->whole, line, strlen(line)) != 1 ||
		EVP_DigestUpdate(check->whole, "\n", 1) != 1) {
		check->is_bad = true;
		return false;
	}
	if (!check->changed[0] && (!digest_file(check->survey, path, digest) ||
					  strncmp(digest, line, DIGEST_DIGITS) != 0))
		(void)text_clean(check->changed, sizeof(check->changed), path); /* cut */
	return true;
}

static void add_manifest(const struct survey *survey, const struct check *check)
{
	char text[SURVEY_TEXT_SIZE + 16];
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (check->changed[0])
		(void)snprintf(text, sizeof(text), "changed /%s", check->changed);
	else
		(void)snprintf(text, sizeof(text), "good");
	fact_show(survey, "agent_files", text);
	if (EVP_DigestFinal_ex(check->whole, digest, NULL) != 1)
		return;
	hex_write(digest, HASH_SHOWN, text);
	fact_show(survey, "agent_digest", text);
}

/* Nothing of it where there is no manifest: an agent that was not installed by its package. */
void survey_agent_files(const struct survey *survey)
{
	struct check check = {.survey = survey, .whole = EVP_MD_CTX_new()};

	if (check.whole && EVP_DigestInit_ex(check.whole, EVP_sha256(), NULL) == 1)
		for (size_t i = 0; i < MANIFEST_COUNT && !check.is_bad; i++) {
			char path[256];

			(void)snprintf(path, sizeof(path), HOLDFAST_SHARE "/%s", manifest_names[i]);
			fact_lines(survey->root_fd, path, on_file, &check);
		}
	if (check.is_bad)
		fact_show(survey, "agent_files", "manifest damaged");
	else if (check.count)
		add_manifest(survey, &check);
	EVP_MD_CTX_free(check.whole);
}
