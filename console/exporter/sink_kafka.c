/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kafka, by librdkafka: an idempotent producer, whose delivery reports say what all in-sync replicas
 * have. The key is the device, so that its events keep their order. librdkafka has threads of its
 * own, made after the sandbox, so that they are in it; its callbacks are called in ours only.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/filter.h"
#include "common/log.h"
#include "common/uuid.h"
#include "console/exporter/exporter.h"

#define WINDOW_MAX	  16384	    /* events on the way */
#define WINDOW_BYTES_HIGH (8 << 20) /* so many on the way: no more is asked for */
#define FRAME_EVENTS_MAX  2000	    /* of a frame: its smallest event takes 70 bytes of 128 kB */

struct entry {
	uint64_t position; /* once it and all before it are delivered; 0 = its frame goes on */
	uint32_t size;
	bool is_done;
};

static struct {
	rd_kafka_conf_t *model; /* what each producer is made like */
	rd_kafka_t *producer;	/* NULL: to be made */
	int wake_fd;
	struct entry entries[WINDOW_MAX];
	unsigned int first, count; /* entries on the way */
	uint64_t
		number; /* of the first one; a report of a lower one is of a producer that is gone */
	size_t bytes;
	char broken[EXPORT_TEXT_SIZE]; /* why the producer is of no more use */
} kafka = {.wake_fd = -EBADF};

static struct entry *entry_at(unsigned int number)
{
	return &kafka.entries[(kafka.first + number) % WINDOW_MAX];
}

static void set(const char *name, const char *value)
{
	char error[200];

	if (rd_kafka_conf_set(kafka.model, name, value, error, sizeof(error)) != RD_KAFKA_CONF_OK)
		fatal("librdkafka does not take %s: %s, stopping", name, error);
}

static void set_file(const char *name, const char *path, const char *what)
{
	char *text = exporter_read_file(path, what);

	set(name, text);
	explicit_bzero(text, strlen(text));
	free(text);
}

static void break_producer(const char *why)
{
	if (!kafka.broken[0])
		(void)snprintf(kafka.broken, sizeof(kafka.broken), "%s", why); /* cut when long */
}

static void on_delivery(rd_kafka_t *producer, const rd_kafka_message_t *message, void *userdata)
{
	uint64_t number = (uint64_t)(uintptr_t)message->_private;

	(void)producer;
	(void)userdata;
	if (number < kafka.number || number - kafka.number >= kafka.count)
		return;
	if (message->err) {
		break_producer(rd_kafka_err2str(message->err));
		return;
	}
	entry_at((unsigned int)(number - kafka.number))->is_done = true;
}

/* Of brokers that can't be reached: librdkafka goes on trying by itself. */
static void on_error(rd_kafka_t *producer, int error, const char *reason, void *userdata)
{
	struct exporter *exporter = userdata;
	char text[EXPORT_TEXT_SIZE];

	if (error == RD_KAFKA_RESP_ERR__FATAL) {
		(void)rd_kafka_fatal_error(producer, text, sizeof(text));
		break_producer(text);
	} else if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !exporter->error[0]) {
		exporter_failed(exporter, "%s", reason);
	}
}

static void on_log(const rd_kafka_t *producer, int level, const char *facility, const char *text)
{
	(void)producer;
	(void)level;
	log_debug("librdkafka: %s: %s", facility, text); /* what matters is told to on_error() */
}

static void sink_prepare(struct exporter *exporter)
{
	const struct config_output *output = exporter->output;

	kafka.model = rd_kafka_conf_new();
	set("client.id", "holdfast");
	set("bootstrap.servers", output->brokers);
	set("enable.idempotence", "true"); /* and so acks = all, in order */
	set("message.timeout.ms", "0");	   /* waits for ever: events have no end */
	set("linger.ms", "20");
	set("partitioner", "murmur2"); /* as Java's clients: the same key, the same partition */
	set("queue.buffering.max.messages", "32768");
	set("socket.keepalive.enable", "true");
	set("log.queue", "true");
	if (!output->is_plain) {
		set("security.protocol", "ssl");
		set("ssl.endpoint.identification.algorithm", "https");
		set_file("ssl.ca.pem", output->ca, "authority's certificate");
	}
	if (output->certificate[0]) {
		set_file("ssl.certificate.pem", output->certificate, "certificate");
		set_file("ssl.key.pem", output->key, "key");
	}
	rd_kafka_conf_set_dr_msg_cb(kafka.model, on_delivery);
	rd_kafka_conf_set_error_cb(kafka.model, on_error);
	rd_kafka_conf_set_log_cb(kafka.model, on_log);
	rd_kafka_conf_set_opaque(kafka.model, exporter);
	kafka.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (kafka.wake_fd < 0)
		fatal("cannot make an eventfd: %m, stopping");
}

static int start_producer(struct exporter *exporter)
{
	static const uint64_t one = 1;
	rd_kafka_conf_t *conf = rd_kafka_conf_dup(kafka.model);
	char error[EXPORT_TEXT_SIZE];
	rd_kafka_queue_t *queue;

	kafka.producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
	if (!kafka.producer) {
		rd_kafka_conf_destroy(conf);
		exporter_failed(exporter, "librdkafka does not start: %s", error);
		return -EIO;
	}
	(void)rd_kafka_set_log_queue(kafka.producer, NULL); /* can't fail with log.queue */
	queue = rd_kafka_queue_get_main(kafka.producer);
	rd_kafka_queue_io_event_enable(queue, kafka.wake_fd, &one, sizeof(one));
	rd_kafka_queue_destroy(queue);
	return 0;
}

/* What was on the way may have arrived or not: it comes again. */
static void drop_producer(struct exporter *exporter)
{
	rd_kafka_t *producer = take_ptr(kafka.producer);

	kafka.number += kafka.count;
	kafka.first = kafka.count = 0;
	kafka.bytes = 0;
	exporter_failed(exporter, "%s", kafka.broken);
	kafka.broken[0] = '\0';
	(void)rd_kafka_purge(producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_destroy(producer);
	exporter_again(exporter);
}

static void sink_begin(struct exporter *exporter, bool is_rewound)
{
	(void)is_rewound;
	(void)start_producer(exporter); /* tried again by work */
}

static bool sink_has_room(struct exporter *exporter)
{
	(void)exporter;
	return kafka.producer && !kafka.broken[0] && kafka.count + FRAME_EVENTS_MAX <= WINDOW_MAX &&
	       kafka.bytes < WINDOW_BYTES_HIGH;
}

static void sink_take(struct exporter *exporter, const struct export_event *event)
{
	char uid[UUID_TEXT_SIZE], sequence[24], id[24];
	rd_kafka_resp_err_t error;
	uint64_t number = kafka.number + kafka.count;

	if (!kafka.producer || kafka.broken[0])
		return; /* all of the frame comes again */
	if (kafka.count == WINDOW_MAX)
		fatal("more events in a frame than can be, stopping");
	uuid_format(event->device, uid);
	(void)snprintf(sequence, sizeof(sequence), "%llu", (unsigned long long)event->sequence);
	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)event->id);
	*entry_at(kafka.count++) = (struct entry){.size = event->size};
	kafka.bytes += event->size;
	error = rd_kafka_producev(kafka.producer, RD_KAFKA_V_TOPIC(exporter->output->topic),
		RD_KAFKA_V_KEY(uid, strlen(uid)),
		RD_KAFKA_V_VALUE((void *)(uintptr_t)event->json, event->size),
		RD_KAFKA_V_HEADER("holdfast-sequence", sequence, -1),
		RD_KAFKA_V_HEADER("holdfast-id", id, -1),
		RD_KAFKA_V_HEADER("holdfast-host", event->host, -1),
		RD_KAFKA_V_HEADER("holdfast-tenant", exporter->tenant, -1),
		RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
		RD_KAFKA_V_OPAQUE((void *)(uintptr_t)number), RD_KAFKA_V_END);
	if (error)
		break_producer(rd_kafka_err2str(error));
}

static void sink_end_frame(struct exporter *exporter, uint64_t position)
{
	if (kafka.broken[0] || !kafka.producer)
		return;
	if (!kafka.count)
		exporter_progress(exporter, position, 0);
	else
		entry_at(kafka.count - 1)->position = position;
}

static void settle(struct exporter *exporter)
{
	uint64_t position = exporter->done;
	uint32_t count = 0;

	while (kafka.count && entry_at(0)->is_done) {
		if (entry_at(0)->position)
			position = entry_at(0)->position;
		kafka.bytes -= entry_at(0)->size;
		kafka.first = (kafka.first + 1) % WINDOW_MAX;
		kafka.count--;
		kafka.number++;
		count++;
	}
	if (!count)
		return;
	exporter_works(exporter);
	exporter_progress(exporter, position, count);
}

static unsigned int sink_poll_fill(struct exporter *exporter, struct pollfd *polls)
{
	(void)exporter;
	polls[0] = (struct pollfd){kafka.wake_fd, POLLIN, 0};
	return 1;
}

static int sink_timeout_ms(struct exporter *exporter)
{
	return kafka.producer ? -1 : exporter_wait_ms(exporter);
}

static void sink_work(struct exporter *exporter, const struct pollfd *polls, unsigned int count)
{
	uint64_t wakes;

	(void)polls;
	(void)count;
	if (!kafka.producer && exporter_may_try(exporter))
		(void)start_producer(exporter); /* likewise */
	if (!kafka.producer)
		return;
	(void)!read(kafka.wake_fd, &wakes, sizeof(wakes)); /* how often is of no interest */
	(void)rd_kafka_poll(kafka.producer, 0);		   /* how many it served, too */
	settle(exporter);
	if (kafka.broken[0])
		drop_producer(exporter);
}

static bool sink_finish(struct exporter *exporter)
{
	(void)exporter;
	return !kafka.count;
}

const struct sink sink_kafka = {
	.filter_groups = FILTER_READ | FILTER_NETWORK | FILTER_NAMES,
	.prepare = sink_prepare,
	.begin = sink_begin,
	.has_room = sink_has_room,
	.take = sink_take,
	.end_frame = sink_end_frame,
	.poll_fill = sink_poll_fill,
	.timeout_ms = sink_timeout_ms,
	.work = sink_work,
	.finish = sink_finish,
};
