#include "server/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

#include "base/strings.h"
#include "data/json.h"
#include "runtime/child.h"
#include "runtime/file.h"

namespace slipway::server {

using base::Code;

namespace {

constexpr base::Duration kStartPatience = base::seconds(120);

void say(std::string_view word, const std::string& text) {
  std::printf("%.*s %s\n", static_cast<int>(word.size()), word.data(), base::replace_all(text, "\n", " ").c_str());
  std::fflush(stdout);
}

}  // namespace

void Notifier::step(const std::string& what) {
  if (detached_) return say("step", what);
  std::fprintf(stderr, " · %s\n", what.c_str());
}

void Notifier::failed(const std::string& why) {
  if (detached_) return say("failed", why);
  std::fprintf(stderr, "error: %s\n", why.c_str());
}

void Notifier::ready(const data::Value& endpoints, const std::string& log_path) {
  if (!detached_) return;
  say("ready", data::to_json(endpoints));
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return;
  dup2(log, 1);
  dup2(log, 2);
  close(log);
}

base::Result<data::Value> start_detached(const std::vector<std::string>& argv,
                                         const std::function<void(const std::string&)>& step) {
  auto child = runtime::Child::start(argv, {.own_session = true});
  if (!child) return base::fail(child.error());
  for (;;) {
    auto line = child->read_line(kStartPatience);
    if (!line && line.error().code == Code::Timeout)
      return base::fail(Code::Timeout, "the server did not become ready in two minutes");
    if (!line)
      return base::fail(Code::Internal,
                        "the server ended with status " + std::to_string(child->wait()) + " before it was ready");
    const std::string_view text = *line;
    if (text.starts_with("step ")) step(std::string(text.substr(5)));
    if (text.starts_with("failed ")) {
      child->wait();
      return base::fail(Code::Unavailable, std::string(text.substr(7)));
    }
    if (!text.starts_with("ready ")) continue;
    child->release();
    return data::parse_json(text.substr(6));
  }
}

int running_server(const DataDir& dir) { return runtime::LockFile::holder(dir.lock()); }

base::Result<bool> stop_server(const DataDir& dir, base::Duration patience) {
  const int pid = running_server(dir);
  if (pid == 0) return false;
  if (kill(pid, SIGTERM) != 0 && errno != ESRCH)
    return base::fail(Code::Forbidden, "cannot stop the server, pid " + std::to_string(pid) + ": " + strerror(errno));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (running_server(dir) != 0) {
    if (std::chrono::steady_clock::now() > deadline) kill(pid, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace slipway::server
