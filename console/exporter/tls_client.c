/* SPDX-License-Identifier: Apache-2.0 */
#include "console/exporter/tls_client.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "console/exporter/exporter.h"

#define KEEP_IDLE  60	 /* seconds; a peer that is gone is noticed within three minutes */
#define SILENCE_MS 60000 /* for what was sent to be acknowledged: tcp(7) TCP_USER_TIMEOUT */

struct tls_client {
	const struct config_output *output;
	SSL_CTX *context;
	SSL *ssl;
	int fd;
	enum tls_client_state state;
	short wants;
	uint64_t deadline_ns;
	struct addrinfo *addresses, *next; /* of the attempt */
	char error[TLS_CLIENT_ERROR_SIZE];
};

static void set_error(struct tls_client *client, const char *what, const char *why)
{
	if (!client->error[0])
		(void)snprintf(client->error, sizeof(client->error), "%s: %s", what, why);
}

static const char *ssl_reason(const SSL *ssl)
{
	long verified = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
	unsigned long error = ERR_peek_last_error();
	const char *reason = error ? ERR_reason_error_string(error) : NULL;

	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	return reason ? reason : "the connection broke";
}

static int on_password(char *text, int size, int is_writing, void *userdata)
{
	(void)text;
	(void)size;
	(void)is_writing;
	(void)userdata;
	return -1; /* nobody is here to be asked */
}

/* Every certificate of a PEM text. Whether there was one. */
static bool add_authorities(SSL_CTX *context, const char *text)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509 *certificate;
	unsigned int count = 0;

	while (bio && (certificate = PEM_read_bio_X509(bio, NULL, on_password, NULL)) != NULL) {
		count += X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate) == 1;
		X509_free(certificate);
	}
	ERR_clear_error(); /* the end of the text is one */
	BIO_free(bio);
	return count > 0;
}

/* The first certificate is ours, what follows is above it. */
static bool use_certificate(SSL_CTX *context, const char *text, const char *key_text)
{
	BIO *bio = BIO_new_mem_buf(text, -1), *key_bio = BIO_new_mem_buf(key_text, -1);
	EVP_PKEY *key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, on_password, NULL) : NULL;
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, on_password, NULL) : NULL;
	bool is_good = key && certificate && SSL_CTX_use_certificate(context, certificate) == 1 &&
		       SSL_CTX_use_PrivateKey(context, key) == 1 &&
		       SSL_CTX_check_private_key(context) == 1;

	X509_free(certificate);
	while (is_good && (certificate = PEM_read_bio_X509(bio, NULL, on_password, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(context, certificate) != 1)
			X509_free(certificate);
	ERR_clear_error();
	EVP_PKEY_free(key);
	BIO_free(bio);
	BIO_free(key_bio);
	return is_good;
}

struct tls_client *tls_client_new(const struct config_output *output)
{
	struct tls_client *client = calloc(1, sizeof(*client));
	auto_free char *ca = exporter_read_file(output->ca, "authority's certificate");

	if (!client || OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1 ||
		(client->context = SSL_CTX_new(TLS_client_method())) == NULL)
		fatal("OpenSSL does not start, stopping");
	client->output = output;
	client->fd = -EBADF;
	if (!add_authorities(client->context, ca))
		fatal("there is no certificate in '%s', stopping", output->ca);
	if (output->certificate[0]) {
		auto_free char *certificate = exporter_read_file(
			output->certificate, "certificate");
		char *key = exporter_read_file(output->key, "key");

		if (!use_certificate(client->context, certificate, key))
			fatal("'%s' and '%s' are no certificate and its key without a passphrase, "
			      "stopping",
				output->certificate, output->key);
		explicit_bzero(key, strlen(key));
		free(key);
	}
	SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION) != 1)
		fatal("OpenSSL does not know TLS 1.2, stopping");
	SSL_CTX_set_mode(client->context,
		SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return client;
}

enum tls_client_state tls_client_state(const struct tls_client *client)
{
	return client->state;
}

int tls_client_fd(const struct tls_client *client)
{
	return client->fd;
}

short tls_client_events(const struct tls_client *client)
{
	return client->wants;
}

const char *tls_client_error(const struct tls_client *client)
{
	return client->error;
}

void tls_client_close(struct tls_client *client)
{
	SSL_free(client->ssl);
	client->ssl = NULL;
	if (client->fd >= 0)
		(void)close(client->fd); /* of no more use */
	client->fd = -EBADF;
	if (client->addresses)
		freeaddrinfo(client->addresses);
	client->addresses = client->next = NULL;
	client->state = TLS_CLIENT_CLOSED;
	ERR_clear_error();
}

void tls_client_end(struct tls_client *client)
{
	if (client->state == TLS_CLIENT_OPEN)
		(void)SSL_shutdown(client->ssl); /* a goodbye that does not go out is none */
	tls_client_close(client);
}

static int failed(struct tls_client *client, const char *what, const char *why)
{
	set_error(client, what, why);
	tls_client_close(client);
	return -EIO;
}

/* The next address that a connection to can be begun. */
static int try_next(struct tls_client *client)
{
	const int one = 1, idle = KEEP_IDLE, silence = SILENCE_MS;
	int error = EHOSTUNREACH;

	for (; client->next; client->next = client->next->ai_next) {
		auto_close int fd = socket(
			client->next->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0 || (connect(fd, client->next->ai_addr, client->next->ai_addrlen) < 0 &&
				      errno != EINPROGRESS)) {
			error = errno;
			continue;
		}
		/* without these it works as well */
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silence, sizeof(silence));
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		client->next = client->next->ai_next;
		if (client->fd >= 0)
			(void)close(client->fd); /* it led nowhere */
		client->fd = take_fd(fd);
		client->state = TLS_CLIENT_CONNECTING;
		client->wants = POLLOUT;
		return 0;
	}
	return failed(client, "cannot connect", strerror(error));
}

int tls_client_connect(struct tls_client *client)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	int r;

	tls_client_close(client);
	client->error[0] = '\0';
	r = getaddrinfo(client->output->host, client->output->port, &hints, &client->addresses);
	if (r != 0)
		return failed(client, "cannot find the server", gai_strerror(r));
	client->next = client->addresses;
	client->deadline_ns = clock_steady_ns() + TLS_CLIENT_TIMEOUT_MS * UINT64_C(1000000);
	return try_next(client);
}

static int begin_tls(struct tls_client *client)
{
	const char *name = client->output->server_name;

	client->ssl = SSL_new(client->context);
	if (!client->ssl || SSL_set_fd(client->ssl, client->fd) != 1)
		return failed(client, "TLS", "no memory");
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(client->ssl), name) != 1 &&
		(SSL_set1_host(client->ssl, name) != 1 ||
			SSL_set_tlsext_host_name(client->ssl, name) != 1))
		return failed(client, "TLS", "the server's name is none");
	SSL_set_connect_state(client->ssl);
	client->state = TLS_CLIENT_SHAKING;
	return 0;
}

/* 1 = done, 0 = not now, -EIO. */
static int after(struct tls_client *client, int result, const char *what)
{
	int saved = errno;

	if (result > 0)
		return 1;
	switch (SSL_get_error(client->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		client->wants |= POLLOUT;
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return failed(client, what, "the server has closed the connection");
	case SSL_ERROR_SYSCALL:
		return failed(client, what,
			saved && !ERR_peek_error() ? strerror(saved) : "the connection broke");
	default:
		return failed(client, what, ssl_reason(client->ssl));
	}
}

static int shake_hands(struct tls_client *client)
{
	int r;

	ERR_clear_error();
	errno = 0;
	r = after(client, SSL_do_handshake(client->ssl), "TLS");
	if (r <= 0)
		return r;
	client->state = TLS_CLIENT_OPEN;
	if (client->addresses)
		freeaddrinfo(client->addresses);
	client->addresses = client->next = NULL;
	return 0;
}

/* Nothing is said in the protocol; reading is what makes TLS go on. */
static int read_on(struct tls_client *client)
{
	char bytes[1024];
	int r;

	do {
		ERR_clear_error();
		errno = 0;
		r = after(client, SSL_read(client->ssl, bytes, sizeof(bytes)), "receiving");
	} while (r > 0);
	return r;
}

static int on_connected(struct tls_client *client)
{
	socklen_t size = sizeof(int);
	struct pollfd poll_ = {client->fd, POLLOUT, 0};
	int error = 0, r;

	if (poll(&poll_, 1, 0) <= 0 || !poll_.revents)
		return 0;
	if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		error = errno;
	if (error) {
		if (!client->next)
			return failed(client, "cannot connect", strerror(error));
		return try_next(client);
	}
	r = begin_tls(client);
	return r < 0 ? r : shake_hands(client);
}

int tls_client_work(struct tls_client *client)
{
	client->wants = client->state == TLS_CLIENT_CONNECTING ? POLLOUT : POLLIN;
	if (client->state != TLS_CLIENT_OPEN && client->state != TLS_CLIENT_CLOSED &&
		clock_steady_ns() > client->deadline_ns)
		return failed(client,
			client->state == TLS_CLIENT_CONNECTING ? "cannot connect" : "TLS",
			"no answer in time");
	switch (client->state) {
	case TLS_CLIENT_CONNECTING:
		return on_connected(client);
	case TLS_CLIENT_SHAKING:
		return shake_hands(client);
	case TLS_CLIENT_OPEN:
		return read_on(client);
	case TLS_CLIENT_CLOSED:
	default:
		return -EIO;
	}
}

int tls_client_write(struct tls_client *client, const void *bytes, size_t size)
{
	int written, r;

	ERR_clear_error();
	errno = 0;
	written = SSL_write(client->ssl, bytes, (int)size);
	r = after(client, written, "sending");
	return r <= 0 ? r : written;
}

uint64_t tls_client_mark(const struct tls_client *client)
{
	return BIO_number_written(SSL_get_wbio(client->ssl));
}

uint64_t tls_client_received_mark(const struct tls_client *client)
{
	uint64_t written = tls_client_mark(client);
	int waiting = 0;

	if (ioctl(client->fd, SIOCOUTQ, &waiting) < 0 || waiting < 0 || (uint64_t)waiting > written)
		return 0;
	return written - (uint64_t)waiting;
}
