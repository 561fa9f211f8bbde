/* SPDX-License-Identifier: Apache-2.0 */
/* One section, few keys; a name or key that is not known is an error, not a surprise later. */
#include "agent/uplink/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

struct reading {
	struct config config;
	char error[CONFIG_ERROR_SIZE];
	const char *path;
	FILE *file;
	int line;
};

static int complain(struct reading *reading, int line, const char *what, const char *which)
{
	if (!reading->error[0])
		(void)snprintf(reading->error, sizeof(reading->error), "%.100s:%d: %s '%.80s'",
			reading->path, line, what, which);
	return 0;
}

static int set_text(
	struct reading *reading, int line, char *ret_text, size_t size, const char *value)
{
	if (strlen(value) >= size)
		return complain(reading, line, "too long:", value);
	(void)snprintf(ret_text, size, "%s", value);
	return 1;
}

/* Only https, host and port: paths are ours, names and passwords belong nowhere here. */
static int add_console(struct reading *reading, int line, const char *url)
{
	static const char scheme[] = "https://";
	const char *host = url + sizeof(scheme) - 1;
	size_t length = strlen(url);

	if (reading->config.console_count == CONFIG_CONSOLE_MAX)
		return complain(reading, line, "more consoles than 8:", url);
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0 || !*host || strpbrk(host, "@?#"))
		return complain(reading, line, "not of the form https://HOST[:PORT]:", url);
	while (url[length - 1] == '/' && url + length > host + 1)
		length--;
	if (memchr(host, '/', (size_t)(url + length - host)))
		return complain(reading, line, "a path behind the host:", url);
	if (length >= CONFIG_URL_SIZE)
		return complain(reading, line, "too long:", url);
	(void)snprintf(reading->config.consoles[reading->config.console_count++], CONFIG_URL_SIZE,
		"%.*s", (int)length, url);
	return 1;
}

static int add_consoles(struct reading *reading, int line, const char *value)
{
	char list[CONFIG_CONSOLE_MAX * CONFIG_URL_SIZE], *rest = list, *url;

	if (strlen(value) >= sizeof(list))
		return complain(reading, line, "too long:", value);
	(void)snprintf(list, sizeof(list), "%s", value);
	while ((url = strtok_r(rest, " \t,", &rest)) != NULL)
		if (!add_console(reading, line, url))
			return 0;
	return 1;
}

/* inih does not tell its handler the line. */
static char *on_line(char *text, int size, void *userdata)
{
	struct reading *reading = userdata;

	reading->line++;
	if (!fgets(text, size, reading->file))
		return NULL;
	/* inih's bound: it would take the rest for another line. */
	if (!strchr(text, '\n') && !feof(reading->file))
		complain(reading, reading->line,
			"too long a line, give url once for each console:", text);
	return text;
}

static int on_pair(void *userdata, const char *section, const char *key, const char *value)
{
	struct reading *reading = userdata;
	struct config *config = &reading->config;
	const int line = reading->line;

	if (strcmp(section, "console") != 0)
		return complain(reading, line, "no such section:", section);
	if (!strcmp(key, "url"))
		return add_consoles(reading, line, value);
	if (!strcmp(key, "ca"))
		return set_text(reading, line, config->ca_path, sizeof(config->ca_path), value);
	if (!strcmp(key, "token-file"))
		return set_text(
			reading, line, config->token_path, sizeof(config->token_path), value);
	if (!strcmp(key, "name"))
		return set_text(reading, line, config->name, sizeof(config->name), value);
	if (!strcmp(key, "proxy"))
		return set_text(reading, line, config->proxy, sizeof(config->proxy), value);
	if (!strcmp(key, "key")) /* keyring's to act upon */
		return !strcmp(value, "auto") || !strcmp(value, "tpm") || !strcmp(value, "file") ||
		       complain(reading, line, "neither auto, tpm nor file:", value);
	if (!strcmp(key, "key-memory")) /* likewise */
		return !strcmp(value, "auto") || !strcmp(value, "secret") ||
		       !strcmp(value, "locked") ||
		       complain(reading, line, "neither auto, secret nor locked:", value);
	return complain(reading, line, "no such key:", key);
}

int config_read(const char *path, struct config *ret_config, char ret_error[CONFIG_ERROR_SIZE])
{
	static struct reading reading; /* too large for the stack */
	FILE *file = fopen(path, "re");
	int line;

	reading = (struct reading){.path = path, .file = file};
	ret_error[0] = '\0';
	if (!file)
		return -errno;
	if (gethostname(reading.config.name, sizeof(reading.config.name)) < 0)
		(void)snprintf(reading.config.name, sizeof(reading.config.name), "device");
	reading.config.name[sizeof(reading.config.name) - 1] = '\0';
	line = ini_parse_stream(on_line, &reading, on_pair, &reading);
	(void)fclose(file); /* read only */
	if (line != 0 && !reading.error[0])
		(void)complain(&reading, line > 0 ? line : 0, "not understood", "");
	if (!reading.error[0] && !reading.config.console_count)
		(void)complain(&reading, 0, "missing:", "url");
	if (!reading.error[0] && !reading.config.ca_path[0])
		(void)complain(&reading, 0, "missing:", "ca");
	if (reading.error[0]) {
		(void)snprintf(ret_error, CONFIG_ERROR_SIZE, "%s", reading.error);
		return -EINVAL;
	}
	*ret_config = reading.config;
	return 0;
}

int config_token(const struct config *config, char ret_token[CONFIG_TOKEN_SIZE])
{
	auto_close int fd = -EBADF;
	char text[CONFIG_TOKEN_SIZE];
	size_t begin = 0, end;
	ssize_t got;

	if (!config->token_path[0])
		return -ENOENT;
	fd = open(config->token_path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = read(fd, text, sizeof(text));
	if (got <= 0 || got == sizeof(text))
		return got < 0 ? -errno : -EINVAL;
	end = (size_t)got;
	while (end && isspace((unsigned char)text[end - 1]))
		end--;
	while (begin < end && isspace((unsigned char)text[begin]))
		begin++;
	if (begin == end || memchr(text + begin, '\0', end - begin))
		return -EINVAL;
	memcpy(ret_token, text + begin, end - begin);
	ret_token[end - begin] = '\0';
	explicit_bzero(text, sizeof(text));
	return 0;
}
