// slipway-load: steady HTTP traffic with every answer counted. See control.h for commands while it runs.
#include <signal.h>
#include <sys/epoll.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "control.h"
#include "generator.h"

namespace {

constexpr const char* kUsage = R"(usage: slipway-load --target ADDRESS:PORT [options]
  --host NAME            Host header (the target)
  --path P               path of GET requests (/)
  --post-path P          path of POST requests (/order)
  --connections N        keep-alive connections (16)
  --rate N               requests per second; 0 sends as fast as answers come (0)
  --open-loop            with --rate: latency counts from when a request was due
  --post-share X         share of POST requests (0.2)
  --user-share X         share of requests with a user id in X-User-Id (0.5)
  --users N              how many different users there are (2000)
  --timeout-ms N         an answer that takes longer counts as failed (10000)
  --seconds N            stops by itself; 0 runs until `stop` (0)
  --seed N               for repeatable choices; 0 is random (0)
  --control PATH         unix socket for commands (standard input)
Prints the totals as one line of JSON at its end. Exit code 0: nothing failed, 1: some requests did, 2: wrong usage.
)";

[[noreturn]] void usage(const std::string& problem) {
  std::fprintf(stderr, "slipway-load: %s\n%s", problem.c_str(), kUsage);
  std::exit(2);
}

void set_target(load::Options& o, const std::string& text) {
  auto colon = text.rfind(':');
  if (colon == std::string::npos) usage("--target wants ADDRESS:PORT");
  o.address = text.substr(0, colon);
  o.port = std::atoi(text.c_str() + colon + 1);
}

load::Options parse(int argc, char** argv) {
  load::Options o;
  std::map<std::string, std::function<void(const std::string&)>> known = {
      {"--target", [&](auto& v) { set_target(o, v); }},
      {"--host", [&](auto& v) { o.host = v; }},
      {"--path", [&](auto& v) { o.path = v; }},
      {"--post-path", [&](auto& v) { o.post_path = v; }},
      {"--connections", [&](auto& v) { o.connections = std::atoi(v.c_str()); }},
      {"--rate", [&](auto& v) { o.rate = std::atof(v.c_str()); }},
      {"--post-share", [&](auto& v) { o.post_share = std::atof(v.c_str()); }},
      {"--user-share", [&](auto& v) { o.user_share = std::atof(v.c_str()); }},
      {"--users", [&](auto& v) { o.users = std::atoi(v.c_str()); }},
      {"--timeout-ms", [&](auto& v) { o.timeout_ms = std::atoi(v.c_str()); }},
      {"--seconds", [&](auto& v) { o.seconds = std::atof(v.c_str()); }},
      {"--seed", [&](auto& v) { o.seed = std::strtoull(v.c_str(), nullptr, 10); }},
      {"--control", [&](auto& v) { o.control = v; }},
  };
  bool has_target = false;
  for (int i = 1; i < argc; ++i) {
    std::string flag = argv[i];
    if (flag == "--help") std::fputs(kUsage, stdout), std::exit(0);
    if (flag == "--open-loop") {
      o.open_loop = true;
      continue;
    }
    auto found = known.find(flag);
    if (found == known.end() || i + 1 == argc) usage("cannot use " + flag);
    found->second(argv[++i]);
    has_target = has_target || flag == "--target";
  }
  if (!has_target) usage("--target is missing");
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  load::Options options = parse(argc, argv);
  signal(SIGPIPE, SIG_IGN);
  int poll = epoll_create1(EPOLL_CLOEXEC);
  load::Generator generator(options, poll);
  load::Control control(generator, poll, options.control);
  epoll_event events[256];
  while (!generator.done()) {
    generator.turn();
    int n = epoll_wait(poll, events, 256, generator.next_wait_ms());
    for (int i = 0; i < n; ++i) {
      if (events[i].data.u64 >= load::Control::kFirstId) {
        control.event(events[i].data.u64);
      } else {
        generator.event(events[i].data.u64, events[i].events);
      }
    }
  }
  std::string totals = generator.counters().totals(load::real_ns());
  std::printf("%s\n", totals.c_str());
  return totals.find("\"failed\":0,\"first_bad") != std::string::npos ? 0 : 1;
}
