#include "server/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
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
constexpr off_t kLastWords = 16 << 10;

void say(std::string_view word, const std::string& text) {
  std::printf("%.*s %s\n", static_cast<int>(word.size()), word.data(), base::replace_all(text, "\n", " ").c_str());
  std::fflush(stdout);
}

// An error on its way from the child to its parent.
data::Value error_value(const base::Error& error) {
  data::Value causes = data::Value::array();
  for (const base::Cause& cause : error.causes)
    causes.push_back(data::Value::object({{"field", cause.field}, {"message", cause.message}}));
  return data::Value::object(
      {{"code", static_cast<std::int64_t>(error.code)}, {"message", error.message}, {"causes", causes}});
}

base::Error error_of(std::string_view json) {
  const auto value = data::parse_json(json);
  if (!value) return {.code = Code::Internal, .message = std::string(json)};
  base::Error error{.code = static_cast<Code>((*value)["code"].as_int()), .message = (*value)["message"].str()};
  for (const data::Value& cause : (*value)["causes"].items())
    error.causes.push_back({.message = cause["message"].str(), .field = cause["field"].str()});
  return error;
}

}  // namespace

void Notifier::step(const std::string& what) {
  if (detached_) return say("step", what);
  std::fprintf(stderr, " · %s\n", what.c_str());
}

void Notifier::failed(const base::Error& why) {
  if (detached_) return say("failed", data::to_json(error_value(why)));
  std::fprintf(stderr, "error: %s\n", describe(why).c_str());
}

std::string describe(const base::Error& error) {
  std::string out = error.message;
  for (const base::Cause& cause : error.causes)
    out += "\n  " + (cause.field.empty() ? "" : cause.field + ": ") + cause.message;
  return out;
}

void Notifier::ready(const data::Value& endpoints, const std::string& log_path) {
  if (!detached_) return;
  say("ready", data::to_json(endpoints));
  const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return;
  // Room for last words: a server that ends because the disk is full says so here.
  struct stat info{};
  if (fstat(log, &info) == 0) (void)fallocate(log, FALLOC_FL_KEEP_SIZE, info.st_size, kLastWords);
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
      return base::fail(error_of(text.substr(7)));
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
