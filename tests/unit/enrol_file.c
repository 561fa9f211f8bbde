/* SPDX-License-Identifier: Apache-2.0 */
/* The file that MDM leaves: what it says, which line is wrong, and that no message has the token in it. */
#include "agent/cli/enrol_file.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GOOD                                                                                \
	"[enrol]\nconsole = https://a.example:8443, https://b.example\nca =\n  -----BEGIN " \
	"CERTIFICATE-----\n  MIIB\n  -----END CERTIFICATE-----\ntoken = hf-secret-words\n"

static struct enrol_file file;
static char error[ENROL_FILE_ERROR_SIZE];

static int parse(const char *text)
{
	memset(&file, 0, sizeof(file));
	return enrol_file_parse("f", text, &file, error);
}

static void expect_refused(const char *text, const char *words)
{
	cr_expect_eq(parse(text), -EINVAL, "%s", words);
	cr_expect_str_eq(error, words);
	cr_expect_null(strstr(error, "secret"), "%s", error);
	cr_expect(!file.consoles[0] && !file.token[0], "nothing is given out");
}

Test(enrol_file, a_certificate_of_many_lines_is_whole)
{
	cr_assert_eq(parse(GOOD), 0, "%s", error);
	cr_expect_str_eq(file.consoles, "https://a.example:8443, https://b.example");
	cr_expect_str_eq(file.token, "hf-secret-words");
	cr_expect_str_eq(file.ca, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
	cr_expect(!file.ca_path[0] && !file.token_path[0] && !file.key[0]);
}

Test(enrol_file, files_instead_of_texts)
{
	cr_assert_eq(parse("# by MDM\n[enrol]\nconsole=https://a\nca-file=/etc/ca.pem\n"
			   "token-file=/root/token\nname=pc 17\nproxy=http://p:3128\nkey=tpm\n"),
		0, "%s", error);
	cr_expect_str_eq(file.ca_path, "/etc/ca.pem");
	cr_expect_str_eq(file.token_path, "/root/token");
	cr_expect_str_eq(file.name, "pc 17");
	cr_expect_str_eq(file.proxy, "http://p:3128");
	cr_expect_str_eq(file.key, "tpm");
}

Test(enrol_file, mistakes_are_told_by_line_and_without_secrets)
{
	expect_refused("", "f:0: missing: console");
	expect_refused("console = x\n", "f:1: no such section: ");
	expect_refused(GOOD "secret-on-its-own\n", "f:8: not understood");
	expect_refused(GOOD "secret = 1\n", "f:8: no such key");
	expect_refused(GOOD "token = secret2\n", "f:8: given twice: token");
	expect_refused(GOOD "token-file = /x\n", "f:0: wanted is one of two: token, token-file");
	expect_refused(GOOD "ca-file = /x\n", "f:0: wanted is one of two: ca, ca-file");
	expect_refused(GOOD "key = both\n", "f:0: neither auto, tpm nor file: key");
	expect_refused(GOOD "name =\n", "f:8: without a value: name");
	expect_refused("[enrol]\nconsole = https://a\nca-file = /x\n",
		"f:0: wanted is one of two: token, token-file");
}

Test(enrol_file, long_lines_are_no_two_lines)
{
	char text[1024] = "[enrol]\nname = ", *end = text + strlen(text);

	memset(end, 'a', 600);
	(void)snprintf(end + 600, 16, "\n");
	expect_refused(text, "f:2: too long a line");
}

/* As root, whose file it has to be. */
Test(enrol_file, only_roots_own_file_is_read_and_it_is_erased)
{
	char path[] = "/tmp/enrol_file.XXXXXX", text[sizeof(GOOD)], link[64];
	int fd = mkstemp(path), keep;

	if (geteuid() != 0)
		cr_skip("not root");
	cr_assert_eq(write(fd, GOOD, strlen(GOOD)), (ssize_t)strlen(GOOD));
	cr_assert_eq(fchmod(fd, 0640), 0);
	cr_expect_eq(enrol_file_read(path, &file, error), -EINVAL);
	cr_expect(strstr(error, "chmod 600"), "%s", error);
	cr_assert_eq(fchmod(fd, 0600), 0);
	cr_expect_eq(enrol_file_read(path, &file, error), 0, "%s", error);
	cr_assert_eq(fchown(fd, 1000, 0), 0);
	cr_expect_eq(enrol_file_read(path, &file, error), -EINVAL, "somebody else's");
	cr_assert_eq(fchown(fd, 0, 0), 0);
	(void)snprintf(link, sizeof(link), "%s.link", path);
	cr_assert_eq(symlink(path, link), 0);
	cr_expect_eq(enrol_file_read(link, &file, error), -ELOOP);
	cr_expect_eq(enrol_file_erase(link), -ELOOP);
	(void)unlink(link);
	keep = open(path, O_RDONLY | O_CLOEXEC);
	cr_expect_eq(enrol_file_erase(path), 0);
	cr_expect_eq(access(path, F_OK), -1);
	cr_assert_eq(read(keep, text, strlen(GOOD)), (ssize_t)strlen(GOOD));
	for (size_t i = 0; i < strlen(GOOD); i++)
		cr_assert_eq(text[i], 0, "byte %zu is still there", i);
	(void)close(keep);
	(void)close(fd);
}
