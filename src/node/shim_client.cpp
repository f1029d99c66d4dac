#include "node/shim_client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <filesystem>
#include <map>

#include "base/strings.h"
#include "node/posix.h"
#include "node/shim/message.h"
#include "node/shim/shim.h"
#include "runtime/child.h"
#include "runtime/real/asio_loop.h"

namespace slipway::node {

using base::Code;
using base::Result;
using control::HostReport;
using control::NetworkSpace;
using control::ProcessSpec;
using control::ProcessState;
using data::Value;
using Local = boost::asio::local::stream_protocol;

namespace {

constexpr auto kReconnectDelay = std::chrono::milliseconds(200);
constexpr std::size_t kMaxQueued = 10'000;  // questions waiting for a connection

std::unexpected<base::Error> lost() { return base::fail(Code::Unavailable, "the connection to the shim is lost"); }

Result<UniqueFd> connect_to(const std::string& data_dir) {
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::string path = shim::socket_path(data_dir);
  if (path.size() >= sizeof address.sun_path)
    return base::fail(Code::Invalid, "the data directory's path is too long for a unix socket: " + path);
  path.copy(address.sun_path, path.size());
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return os_fail("connect to " + path);
  return fd;
}

Result<void> start_shim(const ShimOptions& o) {
  if (o.program.empty()) return base::fail(Code::Unavailable, "no shim is running");
  std::vector<std::string> argv = o.program;
  std::error_code
      error;  // the real path reads better in lists of processes, unless the file has been replaced meanwhile
  if (const auto real = std::filesystem::read_symlink(argv[0], error); !error && std::filesystem::exists(real, error))
    argv[0] = real;
  for (const std::string& arg : {std::string("--data-dir"), o.data_dir, std::string("--runtime"), o.runtime})
    argv.push_back(arg);
  const auto ended = runtime::run_program(argv);
  if (!ended) return base::fail(ended.error());
  if (ended->status != 0)
    return base::fail(Code::Unavailable, ended->output.empty()
                                             ? "the shim did not start; see " + o.data_dir + "/run/shim.log"
                                             : std::string(base::trim(ended->output)));
  return {};
}

}  // namespace

Result<void> ensure_shim(const ShimOptions& options) {
  if (connect_to(options.data_dir)) return {};
  return start_shim(options);
}

bool shim_runs(const std::string& data_dir) { return connect_to(data_dir).has_value(); }

// Shared with the handlers of its socket, which may run once more after the client is gone.
class ShimClient::Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Reply = std::move_only_function<void(Result<Value>, UniqueFd)>;

  Connection(runtime::real::Loop& loop, ShimOptions options)
      : loop_(loop), options_(std::move(options)), socket_(runtime::real::io_of(loop)) {}

  void open() {
    auto fd = connect_to(options_.data_dir);
    if (!fd) {
      if (start_shim(options_)) fd = connect_to(options_.data_dir);
    }
    if (!fd) return try_later(fd.error());
    boost::system::error_code error;
    socket_.assign(Local(), fd->release(), error);
    socket_.native_non_blocking(true, error);
    reader_ = {};
    wait_for_bytes();
  }

  void close() {
    closed_ = true;
    boost::system::error_code error;
    socket_.close(error);
    for (int fd : fds_) ::close(fd);
    fds_.clear();
    asked_.clear();
    queue_.clear();
  }

  void ask(Value request, std::vector<int> fds, Reply reply) {
    if (queue_.size() > kMaxQueued) return loop_.post([reply = std::move(reply)]() mutable { reply(lost(), {}); });
    const std::int64_t n = ++next_;
    request.set("n", n);
    Outgoing out{.n = n, .bytes = {}, .fds = {}};
    for (int fd : fds) out.fds.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!fds.empty()) request.set("fds", static_cast<std::int64_t>(fds.size()));
    out.bytes = shim::encode_frame(request);
    asked_[n] = std::move(reply);
    queue_.push_back(std::move(out));
    if (greeted_) flush();
  }

  void report(Done<HostReport> done) {
    if (greeted_) return loop_.post([done = std::move(done), r = report_]() mutable { done(std::move(r)); });
    waiting_for_report_.push_back(std::move(done));
  }

  void add_listener(std::function<void(const ProcessState&)> listener) { listeners_.push_back(std::move(listener)); }

 private:
  struct Outgoing {
    std::int64_t n;
    std::string bytes;
    std::vector<UniqueFd> fds;
  };

  void try_later(const base::Error& why) {
    fail_all(why);
    retry_ = loop_.after(kReconnectDelay, [self = weak_from_this()] {
      if (auto c = self.lock(); c && !c->closed_) c->open();
    });
  }

  void wait_for_bytes() {
    socket_.async_wait(Local::socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
      if (!self->closed_ && !error) self->receive();
    });
  }

  void receive() {
    char buffer[65536];
    while (true) {
      const ssize_t n = shim::receive_with_fds(socket_.native_handle(), buffer, sizeof buffer, fds_);
      if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
      if (n <= 0) return broken();
      reader_.feed({buffer, static_cast<std::size_t>(n)});
    }
    while (true) {
      auto message = reader_.next();
      if (!message) return broken();
      if (!*message) break;
      take(**message);
      if (closed_) return;
    }
    wait_for_bytes();
  }

  void take(const Value& message) {
    if (message.has("hello")) return greet(message["hello"]);
    if (message.has("exit")) return tell(shim::state_of(message["exit"]));
    UniqueFd fd;
    if (message["fds"].as_int() > 0 && !fds_.empty()) {
      fd.reset(fds_.front());
      fds_.pop_front();
    }
    auto node = asked_.extract(message["n"].as_int());
    if (node.empty()) return;
    if (message.has("error"))
      node.mapped()(base::fail(shim::error_of(message["error"])), {});
    else
      node.mapped()(message["ok"], std::move(fd));
  }

  void greet(const Value& hello) {
    if (hello["version"].as_int() != shim::kProtocolVersion) {
      for (auto& done : std::exchange(waiting_for_report_, {}))
        done(base::fail(Code::Unavailable, "the running shim speaks protocol " +
                                               std::to_string(hello["version"].as_int()) + ", this program speaks " +
                                               std::to_string(shim::kProtocolVersion) +
                                               ": stop the old pods with `slipway down` and start again"));
      return;
    }
    report_ = shim::report_of(hello["report"]);
    greeted_ = true;
    for (auto& done : std::exchange(waiting_for_report_, {})) done(report_);
    ask(Value::object({{"op", "list"}}), {}, [this](Result<Value> all, UniqueFd) {
      if (!all) return;
      for (const Value& v : all->items())
        if (!v["running"].as_bool()) tell(shim::state_of(v));
    });
    flush();
  }

  void tell(const ProcessState& state) {
    for (const auto& listener : std::vector(listeners_)) listener(state);
  }

  void flush() {
    while (!queue_.empty()) {
      Outgoing& next = queue_.front();
      std::vector<int> fds;
      for (const UniqueFd& fd : next.fds) fds.push_back(fd.get());
      const ssize_t n = shim::send_with_fds(socket_.native_handle(), next.bytes, fds);
      if (n < 0) return wait_for_room();  // a broken connection is noticed by reading
      next.fds.clear();
      next.bytes.erase(0, static_cast<std::size_t>(n));
      if (next.bytes.empty()) queue_.pop_front();
    }
  }

  void wait_for_room() {
    if (errno != EAGAIN) return;
    socket_.async_wait(Local::socket::wait_write, [self = shared_from_this()](boost::system::error_code error) {
      if (!self->closed_ && !error && self->greeted_) self->flush();
    });
  }

  void broken() {
    greeted_ = false;
    boost::system::error_code error;
    socket_.close(error);
    try_later(lost().error());
  }

  void fail_all(const base::Error& why) {
    queue_.clear();
    for (auto& [n, reply] : std::exchange(asked_, {}))
      loop_.post([reply = std::move(reply), why]() mutable { reply(base::fail(why), {}); });
    for (auto& done : std::exchange(waiting_for_report_, {}))
      loop_.post([done = std::move(done), why]() mutable { done(base::fail(why)); });
  }

  runtime::real::Loop& loop_;
  ShimOptions options_;
  Local::socket socket_;
  shim::FrameReader reader_;
  std::deque<int> fds_;
  std::deque<Outgoing> queue_;
  std::map<std::int64_t, Reply> asked_;
  std::vector<Done<HostReport>> waiting_for_report_;
  std::vector<std::function<void(const ProcessState&)>> listeners_;
  HostReport report_;
  runtime::Timer retry_;
  std::int64_t next_ = 0;
  bool greeted_ = false, closed_ = false;
};

namespace {

template <class Done>
auto plain(Done done) {
  return [done = std::move(done)](Result<Value> answer, UniqueFd) mutable {
    answer ? done(true) : done(base::fail(answer.error()));
  };
}

}  // namespace

ShimClient::ShimClient(runtime::real::Loop& loop, ShimOptions options)
    : connection_(std::make_shared<Connection>(loop, std::move(options))) {}
ShimClient::~ShimClient() { connection_->close(); }

void ShimClient::start() { connection_->open(); }
void ShimClient::report(Done<HostReport> done) { connection_->report(std::move(done)); }
void ShimClient::on_exit(std::function<void(const ProcessState&)> listener) {
  connection_->add_listener(std::move(listener));
}

void ShimClient::spawn(ProcessSpec spec, Done<ProcessState> done) {
  connection_->ask(Value::object({{"op", "spawn"}, {"spec", shim::to_value(spec)}}), spec.pass_fds,
                   [done = std::move(done)](Result<Value> answer, UniqueFd) mutable {
                     answer ? done(shim::state_of(*answer)) : done(base::fail(answer.error()));
                   });
}

void ShimClient::signal(const std::string& id, int signal, Done<bool> done) {
  connection_->ask(Value::object({{"op", "signal"}, {"id", id}, {"signal", signal}}), {}, plain(std::move(done)));
}

void ShimClient::forget(const std::string& id, Done<bool> done) {
  connection_->ask(Value::object({{"op", "forget"}, {"id", id}}), {}, plain(std::move(done)));
}

void ShimClient::list(Done<std::vector<ProcessState>> done) {
  connection_->ask(Value::object({{"op", "list"}}), {},
                   [done = std::move(done)](Result<Value> answer, UniqueFd) mutable {
                     if (!answer) return done(base::fail(answer.error()));
                     std::vector<ProcessState> all;
                     for (const Value& v : answer->items()) all.push_back(shim::state_of(v));
                     done(std::move(all));
                   });
}

void ShimClient::make_pod_network(const std::string& name, const std::string& address, Done<bool> done) {
  connection_->ask(Value::object({{"op", "pod-network"}, {"name", name}, {"address", address}}), {},
                   plain(std::move(done)));
}

void ShimClient::remove_pod_network(const std::string& name, Done<bool> done) {
  connection_->ask(Value::object({{"op", "pod-network-remove"}, {"name", name}}), {}, plain(std::move(done)));
}

void ShimClient::add_node_address(const std::string& address, Done<bool> done) {
  connection_->ask(Value::object({{"op", "node-address"}, {"address", address}}), {}, plain(std::move(done)));
}

void ShimClient::remove_node_address(const std::string& address, Done<bool> done) {
  connection_->ask(Value::object({{"op", "node-address-remove"}, {"address", address}}), {}, plain(std::move(done)));
}

void ShimClient::open_socket(NetworkSpace network, int domain, int type, Done<int> done) {
  connection_->ask(
      Value::object({{"op", "socket"}, {"space", static_cast<int>(network)}, {"domain", domain}, {"type", type}}), {},
      [done = std::move(done)](Result<Value> answer, UniqueFd fd) mutable {
        if (!answer) return done(base::fail(answer.error()));
        fd ? done(fd.release()) : done(base::fail(Code::Internal, "the shim sent no socket"));
      });
}

void ShimClient::shut_down(base::Duration grace, Done<bool> done) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(grace).count();
  connection_->ask(Value::object({{"op", "shutdown"}, {"grace_ms", ms}}), {}, plain(std::move(done)));
}

Result<void> stop_shim(const std::string& data_dir, base::Duration grace) {
  auto fd = connect_to(data_dir);
  if (!fd) return {};  // nobody listens: nothing runs
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(grace).count();
  const auto frame = shim::encode_frame(Value::object({{"n", 1}, {"op", "shutdown"}, {"grace_ms", ms}}));
  if (auto sent = write_all(fd->get(), frame); !sent) return sent;
  char buffer[4096];
  while (recv(fd->get(), buffer, sizeof buffer, 0) > 0) {  // the shim closes when it has ended
  }
  return {};
}

}  // namespace slipway::node
