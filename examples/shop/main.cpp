// The example app: a shop front that behaves as its environment says.
//
//   GET /         {"app":"shop","version":V,"pod":P} and the header X-Version: V
//   POST /order   the body back
//   GET /healthz  200
//   GET /readyz   200, or 503 while starting and while stopping
//
// Environment, or arguments NAME=VALUE: VERSION (dev), PORT (8080), POD_IP (address to bind; 0.0.0.0), POD_NAME (host
// name), ERROR_RATE (share of answers that are 500, each with a line on stderr; 0), LATENCY_MS (0) and
// LATENCY_JITTER_MS (0: uniform, added), START_DELAY_MS (not ready and 503 until then; 0), CRASH_AFTER_S (aborts; 0:
// never).
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "server.h"

namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::microseconds;

std::string text(const char* name, const std::string& fallback) {
  const char* value = std::getenv(name);
  return value && *value ? value : fallback;
}

double number(const char* name, double fallback) {
  std::string value = text(name, "");
  if (value.empty()) return fallback;
  char* end = nullptr;
  double parsed = std::strtod(value.c_str(), &end);
  if (*end == '\0' && parsed >= 0) return parsed;
  std::fprintf(stderr, "shop: %s=%s is not a number\n", name, value.c_str());
  std::exit(2);
}

std::string host_name() {
  char name[256] = "unknown";
  gethostname(name, sizeof name - 1);
  return name;
}

// Only what may stand unescaped in a header and in a JSON string.
std::string plain(std::string value) {
  for (char& c : value) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') c = '_';
  }
  return value;
}

class Shop {
 public:
  shop::Answer answer(const shop::Request& request, bool stopping) {
    bool ready = shop::Clock::now() >= ready_at_;
    if (request.path == "/healthz") return page(200, "{\"status\":\"ok\"}\n");
    if (request.path == "/readyz") return page(ready && !stopping ? 200 : 503, "{}\n");
    if (!ready) return page(503, "{\"error\":\"starting\"}\n");
    if (request.path == "/order") return request.method == "POST" ? work(request.body) : page(405, "{}\n");
    if (request.path == "/") return work(front_);
    if (echo_) return page(200, request.head);
    return page(404, "{\"error\":\"no such page\"}\n");
  }

 private:
  shop::Answer page(int status, std::string body) {
    return {.status = status, .body = std::move(body), .headers = {{"X-Version", version_}}};
  }

  // An answer with the faults and the latency of this version.
  shop::Answer work(const std::string& body) {
    bool bad = unit_(random_) < error_rate_;
    if (bad) std::fprintf(stderr, "shop: error: order %llu: there is no column orders.discount\n", ++errors_);
    shop::Answer answer = bad ? page(500, "{\"error\":\"out of order\"}\n") : page(200, body);
    answer.delay = duration_cast<microseconds>(duration<double, std::milli>(latency_ + jitter_ * unit_(random_)));
    return answer;
  }

  std::mt19937_64 random_{std::random_device{}()};
  std::uniform_real_distribution<double> unit_{0.0, 1.0};
  std::string version_ = plain(text("VERSION", "dev"));
  std::string front_ =
      "{\"app\":\"shop\",\"version\":\"" + version_ + "\",\"pod\":\"" + plain(text("POD_NAME", host_name())) + "\"}\n";
  double error_rate_ = number("ERROR_RATE", 0);
  unsigned long long errors_ = 0;
  double latency_ = number("LATENCY_MS", 0);
  double jitter_ = number("LATENCY_JITTER_MS", 0);
  bool echo_ = !text("ECHO", "").empty();
  shop::Clock::time_point ready_at_ =
      shop::Clock::now() + duration_cast<microseconds>(duration<double, std::milli>(number("START_DELAY_MS", 0)));
};

void crash_later() {
  double after = number("CRASH_AFTER_S", 0);
  if (after <= 0) return;
  std::signal(SIGALRM, [](int) { std::abort(); });
  alarm(static_cast<unsigned>(after < 1 ? 1 : after));
}

}  // namespace

// Arguments NAME=VALUE are an image's own defaults; the environment of the pod wins.
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string setting = argv[i];
    auto equals = setting.find('=');
    if (equals != std::string::npos) setenv(setting.substr(0, equals).c_str(), setting.c_str() + equals + 1, 0);
  }
  Shop shop;
  shop::Server* self = nullptr;
  shop::Server server(text("POD_IP", "0.0.0.0"), static_cast<int>(number("PORT", 8080)),
                      [&](const shop::Request& request) { return shop.answer(request, self->stopping()); });
  self = &server;
  crash_later();
  std::printf("shop: version %s listens\n", text("VERSION", "dev").c_str());
  std::fflush(stdout);
  server.run();
  std::printf("shop: stopped\n");
  return 0;
}
