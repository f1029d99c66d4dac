#include "live_world.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <vector>

#include "client/kubeconfig.h"
#include "data/json.h"
#include "runtime/child.h"
#include "runtime/file.h"

namespace slipway::tests {

using base::Code;
using base::Result;

namespace {

constexpr const char* kProgram = SLIPWAY_BUILD_DIR "/slipway";

// A port that nobody listens on now.
int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0)
    port = ntohs(address.sin_port);
  close(fd);
  return port;
}

Result<void> run(const std::vector<std::string>& argv, const std::string& log) {
  auto finished = runtime::run_program(argv, {.output_path = log});
  if (!finished) return base::fail(finished.error());
  if (finished->status != 0)
    return base::fail(Code::Unavailable,
                      argv[0] + " " + argv[1] + " ended with " + std::to_string(finished->status) + "; see " + log);
  return {};
}

// The server's process, in the background, and its folder.
class Server {
 public:
  Server(std::string folder, bool controllers) : folder_(std::move(folder)), controllers_(controllers) {}
  ~Server() { (void)run({kProgram, "down", "--data-dir", folder_}, log()); }

  // The folder begins empty, and the port stays: a server that comes back is found where it was.
  Result<void> start_anew() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    port_ = free_port();
    return start();
  }
  Result<void> start() {
    std::vector<std::string> argv{kProgram,     "up",    "--detach", "--modelled",
                                  "--data-dir", folder_, "--port",   std::to_string(port_)};
    if (!controllers_) argv.emplace_back("--no-controllers");
    return run(argv, log());
  }
  // It is no child of ours; its lock is free once it has ended.
  static void kill_and_wait(pid_t pid) {
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    ::kill(pid, SIGKILL);
    if (handle < 0) return;
    pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
    ::poll(&ended, 1, -1);
    ::close(handle);
  }
  Result<void> kill_and_start() {
    const auto endpoints = runtime::read_file(folder_ + "/endpoints.json");
    if (!endpoints) return base::fail(endpoints.error());
    const auto facts = data::parse_json(*endpoints);
    if (!facts) return base::fail(facts.error());
    kill_and_wait(static_cast<pid_t>((*facts)["pid"].as_int()));
    return start();
  }
  std::string file(const std::string& name) const { return folder_ + "/" + name; }
  std::string log() const { return folder_ + ".log"; }

 private:
  std::string folder_;
  bool controllers_;
  int port_ = 0;
};

class EmbeddedWorld final : public LiveWorld {
 public:
  explicit EmbeddedWorld(std::string folder) : server_(std::move(folder), true) {}
  Result<void> start() override { return server_.start_anew(); }
  std::string kubeconfig() const override { return server_.file("kubeconfig"); }
  Result<void> crash_controllers() override { return server_.kill_and_start(); }

 private:
  Server server_;
};

class HttpsWorld final : public LiveWorld {
 public:
  explicit HttpsWorld(std::string folder) : server_(std::move(folder), false) {}
  Result<void> start() override {
    if (auto started = server_.start_anew(); !started) return started;
    return start_controllers();
  }
  std::string kubeconfig() const override { return server_.file("kubeconfig"); }
  Result<void> crash_controllers() override {
    controllers_.reset();  // SIGKILL
    return start_controllers();
  }

 private:
  // The identity stays, so that the lease of the one that was killed need not run out first.
  Result<void> start_controllers() {
    auto started = runtime::Child::start(
        {kProgram, "--kubeconfig", server_.file("controller.kubeconfig"), "controller", "--identity", "scenarios"},
        {.output_path = server_.log()});
    if (!started) return base::fail(started.error());
    controllers_ = std::move(*started);
    return {};
  }

  Server server_;
  std::optional<runtime::Child> controllers_;
};

}  // namespace

std::unique_ptr<LiveWorld> make_embedded_world(std::string folder) {
  return std::make_unique<EmbeddedWorld>(std::move(folder));
}

std::unique_ptr<LiveWorld> make_https_world(std::string folder) {
  return std::make_unique<HttpsWorld>(std::move(folder));
}

Result<std::unique_ptr<LiveStage>> LiveStage::open(LiveWorld& world, runtime::real::Loop& loop,
                                                   runtime::Random& random) {
  const auto config = client::Kubeconfig::load(world.kubeconfig());
  if (!config) return base::fail(config.error());
  const auto connection = config->connection();
  if (!connection) return base::fail(connection.error());
  auto api = client::HttpsClient::make(loop, *connection);
  if (!api) return base::fail(api.error());
  std::unique_ptr<LiveStage> stage(new LiveStage(world, loop, random));
  stage->api_ = std::move(*api);
  return stage;
}

void LiveStage::crash_controllers(std::function<void(Result<void>)> done) {
  loop_.post([done = std::move(done), result = world_.crash_controllers()]() mutable { done(std::move(result)); });
}

}  // namespace slipway::tests
