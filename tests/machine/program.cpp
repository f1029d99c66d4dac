#include "program.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "data/json.h"
#include "runtime/child.h"

namespace slipway::machine {

using data::Value;

Said run(const Words& words) {
  const auto finished = runtime::run_program(words, {.stderr_too = true});
  if (!finished) return {.status = -1, .text = finished.error().message};
  return {.status = finished->status, .text = finished->output};
}

Said slipway(const Words& words, const Words& prefix) {
  Words all = prefix;
  all.emplace_back(SLIPWAY_BUILD_DIR "/slipway");
  all.insert(all.end(), words.begin(), words.end());
  return run(all);
}

bool kill_and_wait(std::int64_t pid) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0));
  if (handle < 0) return false;
  ::kill(static_cast<pid_t>(pid), SIGKILL);
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  ::poll(&ended, 1, -1);
  ::close(handle);
  return true;
}

Words in_mounts_of_its_own(const std::string& script) {
  Words words{"unshare", "--mount", "--propagation", "private"};
  if (geteuid() != 0) words.insert(words.end(), {"--user", "--map-root-user"});
  Words trial = words;
  trial.emplace_back("true");
  if (run(trial).status != 0) return {};
  words.insert(words.end(), {"sh", "-c", script + " && exec \"$@\"", "sh"});
  return words;
}

Home::Home() {
  char name[] = "/tmp/slipway-machine-XXXXXX";
  path_ = mkdtemp(name);
}

Home::~Home() {
  if (std::filesystem::exists(data() + "/run")) (void)down();
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Said Home::up(const Words& more, const Words& prefix) const {
  Words words{"up", "--detach", "--data-dir", data(), "--port", "0", "--gateway-port", "0"};
  words.insert(words.end(), more.begin(), more.end());
  return slipway(words, prefix);
}

Said Home::ask(Words words) const {
  words.insert(words.end(), {"--kubeconfig", data() + "/kubeconfig"});
  return slipway(words);
}

Value Home::endpoints() const { return data::parse_json(file_text(data() + "/endpoints.json")).value_or(Value()); }

Value Home::wait_for(const std::string& what, const std::function<bool(const Value&)>& holds, int seconds) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  Value object;
  do {
    const Said said = ask({"get", what, "-o", "json"});
    object = data::parse_json(said.text).value_or(Value());
  } while (!(object.is_object() && holds(object)) && std::chrono::steady_clock::now() < deadline);
  return object;
}

Listener::Listener(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t length = sizeof where;
  if (bind(fd_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 && listen(fd_, 1) == 0 &&
      getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &length) == 0)
    port_ = ntohs(where.sin_port);
}

Listener::~Listener() { close(fd_); }

const Value& condition_of(const Value& node, std::string_view type) {
  for (const Value& condition : node["status"]["conditions"].items())
    if (condition["type"].as_string() == type) return condition;
  return data::kNull;
}

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace slipway::machine
