/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes between ';' and '&', percent-encoded. */
#include "console/authority/token_uri.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static int digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	if (letter >= 'a' && letter <= 'f')
		return letter - 'a' + 10;
	return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

/* Bytes, or -1: too many, or a '%' that is none. */
static long decode(const char *from, size_t size, unsigned char *ret_bytes, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)from[i];

		if (used == room)
			return -1;
		if (from[i] == '%') {
			if (size - i < 3 || digit(from[i + 1]) < 0 || digit(from[i + 2]) < 0)
				return -1;
			byte = (unsigned char)(digit(from[i + 1]) * 16 + digit(from[i + 2]));
			i += 2;
		}
		ret_bytes[used++] = byte;
	}
	return (long)used;
}

static const char *set_text(char ret_text[TOKEN_TEXT_MAX], const char *value, size_t size)
{
	char text[TOKEN_TEXT_MAX] = "";
	long used = decode(value, size, (unsigned char *)text, sizeof(text) - 1);

	if (ret_text[0])
		return "an attribute stands twice";
	if (used <= 0 || memchr(text, '\0', (size_t)used))
		return "an attribute is empty, too long, or not well encoded";
	memcpy(ret_text, text, sizeof(text));
	return NULL;
}

static const char *set_id(struct token_uri *uri, const char *value, size_t size)
{
	long used = decode(value, size, uri->id, sizeof(uri->id));

	if (uri->id_size)
		return "an attribute stands twice";
	uri->id_size = used > 0 ? (size_t)used : 0;
	return used > 0 ? NULL : "the id is empty, too long, or not well encoded";
}

static const char *set_pin_source(struct token_uri *uri, const char *value, size_t size)
{
	static const char scheme[] = "file:";
	const char *why;

	why = set_text(uri->pin_path, value, size);
	if (!why && !strncmp(uri->pin_path, scheme, sizeof(scheme) - 1))
		memmove(uri->pin_path, uri->pin_path + sizeof(scheme) - 1,
			strlen(uri->pin_path) - sizeof(scheme) + 2);
	return !why && uri->pin_path[0] != '/' ? "pin-source is no file's absolute path" : why;
}

static const char *set_attribute(
	struct token_uri *uri, const char *name, const char *value, size_t size, bool is_query)
{
	if (!is_query && !strcmp(name, "token"))
		return set_text(uri->token, value, size);
	if (!is_query && !strcmp(name, "serial"))
		return set_text(uri->serial, value, size);
	if (!is_query && !strcmp(name, "object"))
		return set_text(uri->object, value, size);
	if (!is_query && !strcmp(name, "id"))
		return set_id(uri, value, size);
	if (!is_query && !strcmp(name, "type"))
		return size == 7 && !memcmp(value, "private", 7) ? NULL : "type is not private";
	if (is_query && !strcmp(name, "module-path"))
		return set_text(uri->module, value, size);
	if (is_query && !strcmp(name, "pin-source"))
		return set_pin_source(uri, value, size);
	if (is_query && !strcmp(name, "pin-value"))
		return "a PIN does not belong into a URI: say pin-source=/FILE";
	if (is_query && !strcmp(name, "x-holdfast-network")) {
		uri->has_network = size == 3 && !memcmp(value, "yes", 3);
		return uri->has_network ? NULL : "x-holdfast-network is yes, or left out";
	}
	return "it has an attribute that is not known";
}

static const char *parse(const char *text, struct token_uri *uri)
{
	static const char scheme[] = "pkcs11:";
	bool is_query = false;

	if (strncmp(text, scheme, sizeof(scheme) - 1) != 0)
		return "it does not begin with pkcs11:";
	text += sizeof(scheme) - 1;
	while (*text) {
		size_t size = strcspn(text, is_query ? "&" : ";?"), name_size;
		const char *equals = memchr(text, '=', size), *why;
		char name[32] = "";

		name_size = equals ? (size_t)(equals - text) : size;
		if (!equals || name_size >= sizeof(name))
			return "an attribute is not NAME=VALUE";
		memcpy(name, text, name_size);
		why = set_attribute(uri, name, equals + 1, size - name_size - 1, is_query);
		if (why)
			return why;
		is_query |= text[size] == '?';
		text += size + (text[size] != '\0');
	}
	if (!uri->token[0] && !uri->serial[0])
		return "it names no token (token=, serial=)";
	if (!uri->object[0] && !uri->id_size)
		return "it names no key (object=, id=)";
	if (uri->module[0] != '/')
		return "it names no module by its absolute path (?module-path=/...)";
	return uri->pin_path[0] ? NULL : "it names no file with the PIN (&pin-source=/...)";
}

int token_uri_parse(const char *text, struct token_uri *ret_uri, const char **ret_why)
{
	struct token_uri uri = {0};
	const char *why = strlen(text) < TOKEN_URI_MAX ? parse(text, &uri) : "it is too long";

	if (why) {
		*ret_why = why;
		return -EINVAL;
	}
	*ret_uri = uri;
	return 0;
}
