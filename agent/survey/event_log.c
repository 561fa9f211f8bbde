/* SPDX-License-Identifier: Apache-2.0 */
/* TCG PC Client Platform Firmware Profile 1.06, 10.2: all numbers are little-endian. */
#include "agent/survey/event_log.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#define SHA1_SIZE      20
#define NO_ACTION      3u      /* EV_NO_ACTION: is not measured */
#define ALG_SHA256     0x000bu /* TCG algorithm registry */
#define ALGORITHMS_MAX 8
#define LOCALITY_EVENT "StartupLocality" /* with its NUL: 10.4.5.3 */

struct reader {
	const uint8_t *at;
	size_t left;
	bool is_bad;
};

struct algorithms {
	unsigned int count;
	struct {
		uint16_t number, size;
	} list[ALGORITHMS_MAX];
};

static const uint8_t *take(struct reader *reader, size_t size)
{
	const uint8_t *bytes = reader->at;

	if (reader->is_bad || size > reader->left) {
		reader->is_bad = true;
		return NULL;
	}
	reader->at += size;
	reader->left -= size;
	return bytes;
}

static uint32_t number(struct reader *reader, unsigned int size)
{
	const uint8_t *bytes = take(reader, size);
	uint32_t value = 0;

	for (unsigned int i = size; bytes && i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

/* The first event, in the old form, says which hashes the others have. */
static void read_head(struct reader *reader, struct algorithms *ret_algorithms)
{
	static const char signature[16] = "Spec ID Event03";
	struct reader event = {0};
	const uint8_t *bytes;
	uint32_t size;

	(void)number(reader, 4); /* register: 0 */
	if (number(reader, 4) != NO_ACTION)
		reader->is_bad = true;
	(void)take(reader, SHA1_SIZE);
	size = number(reader, 4);
	event.at = take(reader, size);
	event.left = size;
	event.is_bad = reader->is_bad;
	bytes = take(&event, sizeof(signature));
	if (!bytes || memcmp(bytes, signature, sizeof(signature)) != 0)
		event.is_bad = true;
	(void)take(&event, 8); /* platform class, version, errata, size of UINTN */
	ret_algorithms->count = number(&event, 4);
	if (ret_algorithms->count > ALGORITHMS_MAX)
		event.is_bad = true;
	for (unsigned int i = 0; !event.is_bad && i < ret_algorithms->count; i++) {
		ret_algorithms->list[i].number = (uint16_t)number(&event, 2);
		ret_algorithms->list[i].size = (uint16_t)number(&event, 2);
		if (ret_algorithms->list[i].number == ALG_SHA256 &&
			ret_algorithms->list[i].size != EVENT_LOG_HASH)
			event.is_bad = true;
	}
	reader->is_bad |= event.is_bad;
}

static int size_of(const struct algorithms *algorithms, uint16_t number)
{
	for (unsigned int i = 0; i < algorithms->count; i++)
		if (algorithms->list[i].number == number)
			return algorithms->list[i].size;
	return -ENOENT;
}

/* The SHA-256 among an event's digests; NULL when there is none. */
static const uint8_t *read_digests(struct reader *reader, const struct algorithms *algorithms)
{
	uint32_t count = number(reader, 4);
	const uint8_t *found = NULL;

	if (count > ALGORITHMS_MAX)
		reader->is_bad = true;
	for (uint32_t i = 0; !reader->is_bad && i < count; i++) {
		uint16_t algorithm = (uint16_t)number(reader, 2);
		int size = size_of(algorithms, algorithm);
		const uint8_t *bytes;

		if (size < 0) {
			reader->is_bad = true;
			break;
		}
		bytes = take(reader, (size_t)size);
		if (algorithm == ALG_SHA256)
			found = bytes;
	}
	return found;
}

static bool extend(uint8_t value[EVENT_LOG_HASH], const uint8_t digest[EVENT_LOG_HASH])
{
	uint8_t both[2 * EVENT_LOG_HASH];
	unsigned int size = EVENT_LOG_HASH;

	memcpy(both, value, EVENT_LOG_HASH);
	memcpy(both + EVENT_LOG_HASH, digest, EVENT_LOG_HASH);
	return EVP_Digest(both, sizeof(both), value, &size, EVP_sha256(), NULL) == 1;
}

static void read_event(struct reader *reader, const struct algorithms *algorithms,
	struct event_log_registers *registers)
{
	uint32_t pcr = number(reader, 4), type = number(reader, 4), size;
	const uint8_t *digest = read_digests(reader, algorithms), *event;

	size = number(reader, 4);
	event = take(reader, size);
	if (reader->is_bad)
		return;
	registers->count++;
	if (type == NO_ACTION) {
		/* A register 0 that began otherwise, as the TPM was started at another locality. */
		if (pcr == 0 && size == sizeof(LOCALITY_EVENT) + 1 &&
			!memcmp(event, LOCALITY_EVENT, sizeof(LOCALITY_EVENT)))
			registers->values[0][EVENT_LOG_HASH - 1] = event[sizeof(LOCALITY_EVENT)];
		return;
	}
	if (pcr >= EVENT_LOG_PCRS || !digest || !extend(registers->values[pcr], digest)) {
		reader->is_bad = true;
		return;
	}
	registers->touched |= UINT32_C(1) << pcr;
}

int event_log_replay(const void *bytes, size_t size, struct event_log_registers *ret_registers)
{
	struct reader reader = {bytes, size, size > EVENT_LOG_MAX};
	struct event_log_registers registers = {0};
	struct algorithms algorithms = {0};

	read_head(&reader, &algorithms);
	if (reader.is_bad || size_of(&algorithms, ALG_SHA256) < 0)
		return -EBADMSG;
	while (reader.left && !reader.is_bad)
		read_event(&reader, &algorithms, &registers);
	if (reader.is_bad)
		return -EBADMSG;
	*ret_registers = registers;
	return 0;
}
