/* SPDX-License-Identifier: Apache-2.0 */
/* TCG PC Client Platform Firmware Profile 1.06, 10.2: all numbers are little-endian. */
#include "agent/survey/event_log.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "common/bytes.h"

#define SHA1_SIZE      20
#define NO_ACTION      3u      /* EV_NO_ACTION: is not measured */
#define ALG_SHA256     0x000bu /* TCG algorithm registry */
#define ALGORITHMS_MAX 8
#define LOCALITY_EVENT "StartupLocality" /* with its NUL: 10.4.5.3 */

struct algorithms {
	unsigned int count;
	struct {
		uint16_t number, size;
	} list[ALGORITHMS_MAX];
};

/* The first event, in the old form, says which hashes the others have. */
static void read_head(struct bytes_reader *reader, struct algorithms *ret_algorithms)
{
	static const char signature[16] = "Spec ID Event03";
	struct bytes_reader event = {0};
	const uint8_t *bytes;
	uint32_t size;

	(void)bytes_get_u32(reader); /* register: 0 */
	if (bytes_get_u32(reader) != NO_ACTION)
		reader->is_bad = true;
	(void)bytes_take(reader, SHA1_SIZE);
	size = bytes_get_u32(reader);
	event.at = bytes_take(reader, size);
	event.left = size;
	event.is_bad = reader->is_bad;
	bytes = bytes_take(&event, sizeof(signature));
	if (!bytes || memcmp(bytes, signature, sizeof(signature)) != 0)
		event.is_bad = true;
	(void)bytes_take(&event, 8); /* platform class, version, errata, size of UINTN */
	ret_algorithms->count = bytes_get_u32(&event);
	if (ret_algorithms->count > ALGORITHMS_MAX)
		event.is_bad = true;
	for (unsigned int i = 0; !event.is_bad && i < ret_algorithms->count; i++) {
		ret_algorithms->list[i].number = bytes_get_u16(&event);
		ret_algorithms->list[i].size = bytes_get_u16(&event);
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
static const uint8_t *read_digests(struct bytes_reader *reader, const struct algorithms *algorithms)
{
	uint32_t count = bytes_get_u32(reader);
	const uint8_t *found = NULL;

	if (count > ALGORITHMS_MAX)
		reader->is_bad = true;
	for (uint32_t i = 0; !reader->is_bad && i < count; i++) {
		uint16_t algorithm = bytes_get_u16(reader);
		int size = size_of(algorithms, algorithm);
		const uint8_t *bytes;

		if (size < 0) {
			reader->is_bad = true;
			break;
		}
		bytes = bytes_take(reader, (size_t)size);
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

static void read_event(struct bytes_reader *reader, const struct algorithms *algorithms,
	struct event_log_registers *registers)
{
	uint32_t pcr = bytes_get_u32(reader), type = bytes_get_u32(reader), size;
	const uint8_t *digest = read_digests(reader, algorithms), *event;

	size = bytes_get_u32(reader);
	event = bytes_take(reader, size);
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
	struct bytes_reader reader = {bytes, size, size > EVENT_LOG_MAX};
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
