// The measure of a client of MQTT: what one on libmosquitto does that is written with care.
//
//   mqtt_peer pub PORT TOPIC QOS        publishes each line of standard input
//   mqtt_peer sub PORT TOPIC QOS COUNT  prints COUNT messages, a line each
//
// Both talk to the broker at 127.0.0.1. At its end each tells on standard error, as one line of
// JSON, the monotonic times of its first and last message.
#include <mosquitto.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

namespace {

constexpr int kWindow = 20;  // Messages on their way, which bounds the memory that they take.
constexpr int kKeepAlive_s = 60;
constexpr int kWait_ms = 1000;
constexpr size_t kOutputBytes = 65536;

struct Peer {
  std::string topic;
  int qos = 0;
  bool ready = false;  // Connected.
  bool end = false;    // No line is left.
  int on_their_way = 0;
  unsigned long left = 0;  // Messages that are still to come.
  double first_s = 0;
  double last_s = 0;
};

[[noreturn]] void die(const char* what) {
  fprintf(stderr, "mqtt_peer: %s\n", what);
  exit(1);
}

void check(int result, const char* what) {
  if (result != MOSQ_ERR_SUCCESS)
    die((std::string(what) + ": " + mosquitto_strerror(result)).c_str());
}

void note_time(Peer& peer) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  peer.last_s = static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  if (peer.first_s == 0) peer.first_s = peer.last_s;
}

/// Publishes lines as long as the window has room.
void publish_lines(mosquitto* client, Peer& peer) {
  static char* line = nullptr;
  static size_t capacity = 0;
  while (!peer.end && peer.on_their_way < kWindow) {
    const ssize_t size = getline(&line, &capacity, stdin);
    peer.end = size <= 0;
    if (peer.end) return;
    if (peer.first_s == 0) note_time(peer);
    ++peer.on_their_way;
    check(mosquitto_publish(client, nullptr, peer.topic.c_str(), static_cast<int>(size) - 1, line,
                            peer.qos, false),
          "publish");
  }
}

void publish(mosquitto* client, Peer& peer) {
  mosquitto_connect_callback_set(client, [](mosquitto*, void* data, int code) {
    if (code != 0) die("refused");
    static_cast<Peer*>(data)->ready = true;
  });
  mosquitto_publish_callback_set(
      client, [](mosquitto*, void* data, int) { --static_cast<Peer*>(data)->on_their_way; });
  while (!peer.end || peer.on_their_way > 0) {
    check(mosquitto_loop(client, kWait_ms, 1), "loop");
    if (peer.ready) publish_lines(client, peer);
  }
}

void subscribe(mosquitto* client, Peer& peer) {
  static std::array<char, kOutputBytes> buffer;
  setvbuf(stdout, buffer.data(), _IOFBF, buffer.size());
  mosquitto_connect_callback_set(client, [](mosquitto* us, void* data, int code) {
    if (code != 0) die("refused");
    const auto* subscriber = static_cast<Peer*>(data);
    check(mosquitto_subscribe(us, nullptr, subscriber->topic.c_str(), subscriber->qos),
          "subscribe");
  });
  mosquitto_message_callback_set(
      client, [](mosquitto*, void* data, const mosquitto_message* message) {
        auto& subscriber = *static_cast<Peer*>(data);
        if (subscriber.left == 0) return;
        if (subscriber.first_s == 0) note_time(subscriber);
        fwrite(message->payload, 1, static_cast<size_t>(message->payloadlen), stdout);
        fputc('\n', stdout);
        --subscriber.left;
      });
  while (peer.left > 0) check(mosquitto_loop(client, kWait_ms, 1), "loop");
  if (fflush(stdout) != 0) die("output");
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_publisher = argc == 5 && strcmp(argv[1], "pub") == 0;
  const bool is_subscriber = argc == 6 && strcmp(argv[1], "sub") == 0;
  if (!is_publisher && !is_subscriber) return 2;

  Peer peer{.topic = argv[3], .qos = atoi(argv[4])};
  mosquitto_lib_init();
  mosquitto* client = mosquitto_new(nullptr, true, &peer);
  check(mosquitto_connect(client, "127.0.0.1", atoi(argv[2]), kKeepAlive_s), "connect");
  if (is_publisher) {
    publish(client, peer);
  } else {
    peer.left = strtoul(argv[5], nullptr, 10);
    subscribe(client, peer);
  }
  note_time(peer);
  mosquitto_disconnect(client);
  mosquitto_destroy(client);
  mosquitto_lib_cleanup();
  fprintf(stderr, "{\"first_s\": %.6f, \"last_s\": %.6f}\n", peer.first_s, peer.last_s);
  return 0;
}
