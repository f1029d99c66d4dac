#include "gateway/test_world.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmath>

#include "gateway/files.h"
#include "runtime/ipv4.h"

namespace slipway::gateway::test {
namespace {

const std::string kExamples = SLIPWAY_EXAMPLES_DIR;

int free_port() {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where = runtime::ipv4("127.0.0.1", 0);
  socklen_t size = sizeof where;
  bind(fd, reinterpret_cast<sockaddr*>(&where), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size);
  close(fd);
  return ntohs(where.sin_port);
}

constexpr auto kLong = base::seconds(60);

}  // namespace

bool has_program(const std::string& name) { return find_program(name).has_value(); }

Load::Load(int port, std::vector<std::string> options)
    : child_([&] {
        std::vector<std::string> argv{kExamples + "/slipway-load", "--target", "127.0.0.1:" + std::to_string(port)};
        argv.insert(argv.end(), options.begin(), options.end());
        return runtime::Child::start(argv).value();
      }()) {}

data::Value Load::ask(const std::string& command) {
  EXPECT_TRUE(child_.write_line(command).has_value());
  auto line = child_.read_line(kLong);
  return line ? json(*line) : data::Value();
}

data::Value Load::after(const std::string& segment, std::int64_t answers) {
  data::Value s = ask("snapshot " + segment);
  while (s.is_object() && s["answered"].as_int() < answers) s = ask("snapshot " + segment);
  ask("mark rest");
  while (s.is_object() && s["in_flight"].as_int() > 0) s = ask("snapshot " + segment);
  return s;
}

data::Value Load::stop() {
  ask("stop");
  auto totals = child_.read_line(kLong);
  child_.wait();
  return totals ? json(*totals) : data::Value();
}

void World::SetUp() {
  char name[] = "/tmp/slipway-gateway-XXXXXX";
  dir_ = mkdtemp(name);
  port = free_port();
  // An address range of our own, so that runs beside each other do not meet.
  int id = getpid() % 250;
  pods_ = "127.20." + std::to_string(id) + ".";
  vips_ = "127.30." + std::to_string(id) + ".";
  host = std::make_unique<ChildProcesses>(loop);
  thread_ = std::thread([this] { loop.run(); });
}

void World::TearDown() {
  on_loop([&] { host.reset(); });
  loop.stop();
  thread_.join();
  apps.clear();
  std::filesystem::remove_all(dir_);
}

App& World::start_app(const std::string& version, std::vector<std::string> environment) {
  std::string name = version + "-" + std::to_string(++app_count_), ip = pods_ + std::to_string(app_count_);
  environment.insert(environment.end(), {"VERSION=" + version, "POD_IP=" + ip, "POD_NAME=" + name, "PORT=8080"});
  auto child = runtime::Child::start({kExamples + "/slipway-shop"}, {.environment = environment}).value();
  EXPECT_TRUE(child.read_line(kLong).has_value());  // "listens"
  return apps.emplace(name, App{ip, name, std::move(child)}).first->second;
}

HttpAnswer World::request(const std::string& address, int port, const std::string& head,
                          const std::string& body) const {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in where = runtime::ipv4(address, port);
  HttpAnswer answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) {
    std::string text = head + "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
                all;
    send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    char buffer[8192];
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;) all.append(buffer, static_cast<std::size_t>(n));
    auto end = all.find("\r\n\r\n");
    if (end != std::string::npos) answer = {std::atoi(all.c_str() + 9), all.substr(0, end + 2), all.substr(end + 4)};
  }
  close(fd);
  return answer;
}

std::string World::datagram(const std::string& address, int port, const std::string& bytes) const {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  timeval limit{.tv_sec = 0, .tv_usec = 200'000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in where = runtime::ipv4(address, port);
  std::string answer(2048, '\0');
  ssize_t n = -1;
  if (connect(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 &&
      send(fd, bytes.data(), bytes.size(), 0) > 0) {
    n = recv(fd, answer.data(), answer.size(), 0);
  }
  close(fd);
  answer.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return answer;
}

bool is_binomial(std::int64_t hits, std::int64_t n, double p) {
  auto log_term = [&](std::int64_t k) {
    return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0) + k * std::log(p) +
           (n - k) * std::log1p(-p);
  };
  double low = 0, high = 0;
  for (std::int64_t k = 0; k <= n; ++k) {
    double term = std::exp(log_term(k));
    if (k <= hits) low += term;
    if (k >= hits) high += term;
  }
  return low > 1e-6 && high > 1e-6;
}

}  // namespace slipway::gateway::test
