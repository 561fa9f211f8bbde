/* SPDX-License-Identifier: Apache-2.0 */
#include "console/store/location.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <limits.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "console/store/store.h"

int location_read(const char *directory, char ret_location[LOCATION_SIZE])
{
	char path[PATH_MAX], text[LOCATION_SIZE];
	auto_close int fd = -EBADF;
	ssize_t size;

	(void)snprintf(path, sizeof(path), "%s/%s", directory,
		LOCATION_ADDRESS); /* fits, or is not there */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd < 0) {
		(void)snprintf(
			text, sizeof(text), "%s/%s", directory, LOCATION_FILE); /* likewise */
		memcpy(ret_location, text, sizeof(text));
		return access(text, F_OK) < 0 ? -errno : 0;
	}
	size = read(fd, text, sizeof(text) - 1);
	if (size < 0)
		return -errno;
	text[size] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!store_is_address(text))
		return -EBADMSG;
	memcpy(ret_location, text, sizeof(text));
	return 0;
}

static int write_file(const char *directory, const char *name, const char *text)
{
	char path[PATH_MAX];
	auto_close int fd = -EBADF;
	size_t size = strlen(text);

	if (snprintf(path, sizeof(path), "%s/%s", directory, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, size) != (ssize_t)size)
		return -EIO;
	return fsync(fd) < 0 ? -errno : 0;
}

/* RFC 3986: what is not a letter, a digit or one of these is %XX. */
static size_t put_escaped(char *to, size_t room, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";
	size_t used = 0;

	for (; *text && used + 4 < room; text++)
		if (strchr(plain, *text))
			to[used++] = *text;
		else
			used += (size_t)snprintf(to + used, room - used, "%%%02X",
				(unsigned int)(unsigned char)*text);
	to[used] = '\0';
	return used;
}

/* One more "&keyword=value". -E2BIG. */
static int add_option(char location[LOCATION_SIZE], const char *keyword, const char *value)
{
	char escaped[LOCATION_SIZE];
	size_t used = strlen(location);
	int size;

	(void)put_escaped(escaped, sizeof(escaped), value);
	size = snprintf(location + used, LOCATION_SIZE - used, "%c%s=%s",
		strchr(location, '?') ? '&' : '?', keyword, escaped);
	return size < 0 || (size_t)size >= LOCATION_SIZE - used ? -E2BIG : 0;
}

/* The value that an address has for it; the caller frees. NULL: none. */
static char *option_of(const char *location, const char *keyword)
{
	PQconninfoOption *options = PQconninfoParse(location, NULL);
	char *value = NULL;

	for (const PQconninfoOption *option = options; option && option->keyword; option++)
		if (!strcmp(option->keyword, keyword) && option->val && option->val[0])
			value = strdup(option->val);
	PQconninfoFree(options); /* NULL is fine */
	return value;
}

int location_write(const char *directory, const char *address, const char *name)
{
	char text[LOCATION_SIZE], password[PATH_MAX];
	auto_free char *given = option_of(address, "application_name");
	int r = 0;

	if (strlen(address) >= sizeof(text) - 1 || strchr(address, '\n'))
		return -E2BIG;
	(void)snprintf(text, sizeof(text), "%s", address); /* fits */
	(void)snprintf(password, sizeof(password), "%s/%s", directory, LOCATION_PASSWORD);
	if (!given)
		r = add_option(text, "application_name", name);
	if (r == 0 && access(password, F_OK) == 0)
		r = add_option(text, "passfile", password);
	if (r == 0 && strlen(text) + 2 > sizeof(text))
		r = -E2BIG;
	if (r < 0)
		return r;
	(void)strcat(text, "\n");
	return write_file(directory, LOCATION_ADDRESS, text);
}

/* Takes a "keyword=value" out, if its value ends so. */
static void cut_option(char *location, const char *keyword, const char *end)
{
	size_t size = strlen(keyword);

	for (char *at = strchr(location, '?'); at; at = strchr(at + 1, '&')) {
		char *behind = at + 1 + strcspn(at + 1, "&");
		size_t length = (size_t)(behind - at);

		if (strncmp(at + 1, keyword, size) != 0 || at[1 + size] != '=' ||
			length < strlen(end) ||
			strncmp(behind - strlen(end), end, strlen(end)) != 0)
			continue;
		if (*behind) /* the separator in front stays, the one behind goes */
			memmove(at + 1, behind + 1, strlen(behind + 1) + 1);
		else
			*at = '\0';
		return;
	}
}

int location_join(const char *directory, const char *name)
{
	char location[LOCATION_SIZE], path[PATH_MAX];
	int r;

	r = location_read(directory, location);
	if (r < 0)
		return r;
	if (!store_is_address(location))
		return -EOPNOTSUPP;
	cut_option(location, "application_name", "");
	cut_option(location, "passfile", LOCATION_PASSWORD);
	(void)snprintf(path, sizeof(path), "%s/%s", directory, LOCATION_ADDRESS);
	if (unlink(path) < 0)
		return -errno;
	return location_write(directory, location, name);
}

/* https://www.postgresql.org/docs/15/libpq-pgpass.html */
int location_write_password(const char *directory, const char *password)
{
	char line[LOCATION_SIZE] = "*:*:*:*:";
	size_t used = strlen(line);
	int r;

	for (; *password && used + 3 < sizeof(line); password++) {
		if (*password == ':' || *password == '\\')
			line[used++] = '\\';
		line[used++] = *password;
	}
	line[used++] = '\n';
	line[used] = '\0';
	r = *password ? -E2BIG : write_file(directory, LOCATION_PASSWORD, line);
	explicit_bzero(line, sizeof(line));
	return r;
}

int location_leave_home(const char *location)
{
	return store_is_address(location) && setenv("HOME", "/nonexistent", 1) < 0 ? -ENOMEM : 0;
}

enum location_way location_way(const char *location)
{
	auto_free char *host = NULL;
	auto_free char *address = NULL;

	if (!store_is_address(location))
		return LOCATION_BY_FILE;
	host = option_of(location, "host");
	address = option_of(location, "hostaddr");
	return address || (host && host[0] != '/') ? LOCATION_BY_NETWORK : LOCATION_BY_SOCKET;
}

static int resolve(const char *host, char *ret_text, size_t size)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	int r;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return -EHOSTUNREACH;
	r = getnameinfo(found->ai_addr, found->ai_addrlen, ret_text, (socklen_t)size, NULL, 0,
		NI_NUMERICHOST);
	freeaddrinfo(found);
	return r == 0 ? 0 : -EHOSTUNREACH;
}

int location_pin(const char *location, char ret_location[LOCATION_SIZE])
{
	auto_free char *hosts = NULL;
	auto_free char *given = NULL;
	char addresses[512] = "", text[LOCATION_SIZE], *rest = NULL;
	size_t used = 0;
	int r;

	if (strlen(location) >= sizeof(text))
		return -E2BIG;
	(void)snprintf(text, sizeof(text), "%s", location); /* fits */
	hosts = location_way(location) == LOCATION_BY_NETWORK ? option_of(location, "host") : NULL;
	given = option_of(location, "hostaddr");
	for (char *host = hosts && !given ? strtok_r(hosts, ",", &rest) : NULL; host;
		host = strtok_r(NULL, ",", &rest)) {
		char address[64];

		r = resolve(host, address, sizeof(address));
		if (r < 0)
			return r;
		used += (size_t)snprintf(addresses + used, sizeof(addresses) - used, "%s%s",
			used ? "," : "", address);
		if (used >= sizeof(addresses))
			return -E2BIG;
	}
	r = used ? add_option(text, "hostaddr", addresses) : 0;
	if (r == 0)
		memcpy(ret_location, text, sizeof(text));
	return r;
}
