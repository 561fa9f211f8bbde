/* SPDX-License-Identifier: Apache-2.0 */
/* console.ini: what is taken, and that what is not is said with its line. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/uplink/config.h"

static char path[64], error[CONFIG_ERROR_SIZE];
static struct config config;

static int read_text(const char *text)
{
	FILE *file;
	int fd, r;

	(void)snprintf(path, sizeof(path), "/tmp/hf-console-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	file = fdopen(fd, "w");
	cr_assert(file);
	(void)fputs(text, file);
	(void)fclose(file); /* written */
	r = config_read(path, &config, error);
	(void)unlink(path); /* is there */
	return r;
}

static void expect_error(const char *text, const char *what)
{
	cr_expect_eq(read_text(text), -EINVAL, "taken: %s", text);
	cr_expect(strstr(error, what), "'%s' does not say '%s'", error, what);
	cr_expect(strstr(error, path), "'%s' does not name the file", error);
}

Test(uplink_config, takes_all_keys)
{
	cr_assert_eq(read_text("[console]\nurl = https://a.example:8443/, https://[::1]\n"
			       "ca = /etc/holdfast/console-ca.pem\ntoken-file = /x/token\n"
			       "name = pc-17\nproxy = http://proxy:3128\n"),
		0, "%s", error);
	cr_assert_eq(config.console_count, 2);
	cr_expect_str_eq(config.consoles[0], "https://a.example:8443");
	cr_expect_str_eq(config.consoles[1], "https://[::1]");
	cr_expect_str_eq(config.ca_path, "/etc/holdfast/console-ca.pem");
	cr_expect_str_eq(config.token_path, "/x/token");
	cr_expect_str_eq(config.name, "pc-17");
	cr_expect_str_eq(config.proxy, "http://proxy:3128");
}

#define LONG_NAME "https://console-of-a-site-that-is-far-away.example.org:8443"

/* inih cuts lines at 200 bytes. */
Test(uplink_config, takes_eight_consoles_whose_names_fill_no_line)
{
	char text[2048] = "[console]\nca = /c\n";

	for (unsigned int i = 0; i < CONFIG_CONSOLE_MAX; i++)
		(void)strcat(text, "url = " LONG_NAME "\n");
	cr_assert_eq(read_text(text), 0, "%s", error);
	cr_assert_eq(config.console_count, CONFIG_CONSOLE_MAX);
	cr_expect_str_eq(config.consoles[CONFIG_CONSOLE_MAX - 1], LONG_NAME);
	expect_error("[console]\nca = /c\nurl = " LONG_NAME ", " LONG_NAME ", " LONG_NAME
		     ", " LONG_NAME "\n",
		":3: too long a line");
}

Test(uplink_config, names_the_host_where_no_name_is)
{
	char host[256];

	cr_assert_eq(read_text("[console]\nurl = https://a\nca = /c\n"), 0);
	cr_assert_eq(gethostname(host, sizeof(host)), 0);
	cr_expect_str_eq(config.name, host);
	cr_expect_str_eq(config.token_path, "");
}

Test(uplink_config, says_what_is_wrong_and_where)
{
	expect_error("[console]\nca = /c\nurl = http://a\n", ":3:");
	expect_error("[console]\nca = /c\nurl = https://user@a\n", "https://HOST");
	expect_error("[console]\nca = /c\nurl = https://a/path\n", "a path behind");
	expect_error("[console]\nca = /c\nurl = https://\n", "https://HOST");
	expect_error("[console]\nca = /c\n", "'url'");
	expect_error("[console]\nurl = https://a\n", "'ca'");
	expect_error("[console]\n\nurll = https://a\n", ":3: no such key");
	expect_error("[other]\nurl = https://a\n", ":2: no such section");
	expect_error("[console]\nurl\n", ":2:");
	expect_error("[console]\nca=/c\nurl = https://1 https://2 https://3 https://4 https://5 "
		     "https://6 https://7 https://8 https://9\n",
		"more consoles");
}

Test(uplink_config, keeps_the_old_one_when_the_new_one_is_bad)
{
	cr_assert_eq(read_text("[console]\nurl = https://a\nca = /c\n"), 0);
	cr_expect_eq(read_text("[console]\nurl = nonsense\n"), -EINVAL);
	cr_expect_str_eq(config.consoles[0], "https://a");
}

Test(uplink_config, no_file_is_no_error_text)
{
	cr_expect_eq(config_read("/nonexistent/console.ini", &config, error), -ENOENT);
	cr_expect_str_eq(error, "");
}

Test(uplink_config, token_is_trimmed)
{
	char token[CONFIG_TOKEN_SIZE];
	FILE *file;

	(void)snprintf(config.token_path, sizeof(config.token_path), "/tmp/hf-token-%d", getpid());
	file = fopen(config.token_path, "w");
	cr_assert(file);
	(void)fputs("\n  abc-DEF \n", file);
	(void)fclose(file); /* written */
	cr_expect_eq(config_token(&config, token), 0);
	cr_expect_str_eq(token, "abc-DEF");
	cr_assert_eq(truncate(config.token_path, 0), 0);
	cr_expect_eq(config_token(&config, token), -EINVAL);
	(void)unlink(config.token_path); /* is there */
	cr_expect_eq(config_token(&config, token), -ENOENT);
}
