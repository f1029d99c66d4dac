#include "http/server.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <optional>
#include <thread>

#include "http/connection.h"
#include "http/listen.h"

namespace slipway::http {
namespace asio = boost::asio;

namespace {

constexpr std::size_t kReservedFiles = 256;  // for the store, logs, children and everything else
constexpr auto kPauseWithoutFiles = std::chrono::milliseconds(100);

class TheServer;

// Accepts on the first I/O thread and deals connections out to all.
class Acceptor {
 public:
  Acceptor(TheServer& server, asio::io_context& io, int fd, std::shared_ptr<const TlsContext> tls)
      : server_(server), socket_(io, fd), pause_(io), tls_(std::move(tls)) {}

  void wait() {
    socket_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& ec) {
      if (!ec) accept();
    });
  }
  void close() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    pause_.cancel();
  }

 private:
  void accept();

  TheServer& server_;
  asio::posix::stream_descriptor socket_;
  asio::steady_timer pause_;
  std::shared_ptr<const TlsContext> tls_;
};

class TheServer final : public Server {
 public:
  TheServer(ServerOptions options, Handler handler) : core_(std::make_shared<ServerCore>()) {
    core_->handler = std::move(handler);
    core_->limits = options.limits;
    const std::size_t files = raise_file_limit();
    core_->limits.connections =
        std::min(core_->limits.connections, files > 2 * kReservedFiles ? files - kReservedFiles : files / 2);
    const int processors = static_cast<int>(std::thread::hardware_concurrency());
    const int count = options.io_threads > 0 ? options.io_threads : std::clamp(processors, 1, 4);
    for (int i = 0; i < count; ++i) threads_.push_back(std::make_shared<IoThread>());
  }

  base::Result<void> listen(const std::vector<Listener>& listeners) {
    for (const Listener& listener : listeners) {
      const auto listening = listen_on(listener);
      if (!listening) return base::fail(listening.error());
      ports_.push_back(listening->port);
      acceptors_.push_back(std::make_unique<Acceptor>(*this, threads_[0]->io, listening->fd, listener.tls));
      if (listener.address.contains('/') && listener.fd < 0) paths_.push_back(listener.address);
    }
    return {};
  }

  void run() {
    for (auto& acceptor : acceptors_) acceptor->wait();
    for (auto& thread : threads_) {
      work_.emplace_back(asio::make_work_guard(thread->io));
      thread->thread = std::thread([io = &thread->io] { io->run(); });
    }
  }

  ~TheServer() override {
    core_->stopping = true;
    threads_[0]->post([this] { close_acceptors(); });
    for (auto& thread : threads_)
      thread->post([thread = thread.get()] {
        while (!thread->connections.empty()) (*thread->connections.begin())->close();
      });
    for (auto& thread : threads_) thread->refuse_posts();
    work_.clear();
    for (auto& thread : threads_)
      if (thread->thread.joinable()) thread->thread.join();
    for (const auto& path : paths_) ::unlink(path.c_str());
  }

  const std::vector<std::uint16_t>& ports() const override { return ports_; }

  void begin_stop() override {
    if (core_->stopping.exchange(true)) return;
    threads_[0]->post([this] { close_acceptors(); });
    for (auto& thread : threads_)
      thread->post([thread = thread.get()] {
        std::vector<std::shared_ptr<Connection>> all;
        for (Connection* connection : thread->connections) all.push_back(connection->shared_from_this());
        for (auto& connection : all) connection->stop_soon();
      });
  }

  Stats stats() const override {
    return {core_->connections, core_->accepted, core_->refused, core_->requests, core_->overflows};
  }

  // First I/O thread.
  void take(const Accepted& accepted, const std::shared_ptr<const TlsContext>& tls) {
    core_->accepted++;
    if (core_->connections >= core_->limits.connections) {
      core_->refused++;
      ::close(accepted.fd);
      return;
    }
    core_->connections++;
    auto& thread = threads_[next_++ % threads_.size()];
    const int protocol = accepted.family == AF_UNIX ? 0 : IPPROTO_TCP;
    Socket socket(thread->io, asio::generic::stream_protocol(accepted.family, protocol), accepted.fd);
    auto connection = std::make_shared<Connection>(core_, thread, std::move(socket), tls, accepted.address);
    thread->post([connection] { connection->start(); });
  }

 private:
  void close_acceptors() {
    for (auto& acceptor : acceptors_) acceptor->close();
  }

  std::shared_ptr<ServerCore> core_;
  std::vector<std::shared_ptr<IoThread>> threads_;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::string> paths_;
  std::size_t next_ = 0;
};

void Acceptor::accept() {
  for (;;) {
    const Accepted accepted = accept_from(socket_.native_handle());
    if (accepted.fd >= 0) {
      server_.take(accepted, tls_);
    } else if (accepted.error == EMFILE || accepted.error == ENFILE || accepted.error == ENOMEM) {
      pause_.expires_after(kPauseWithoutFiles);
      return pause_.async_wait([this](const boost::system::error_code& ec) {
        if (!ec) accept();
      });
    } else if (accepted.error == EAGAIN) {
      return wait();
    } else if (accepted.error == EBADF || accepted.error == EINVAL) {
      return;
    }  // anything else concerns one connection only, which is gone
  }
}

}  // namespace

base::Result<std::unique_ptr<Server>> Server::start(ServerOptions options, Handler handler) {
  std::signal(SIGPIPE, SIG_IGN);  // a write to a closed socket is an error value, not the end of the process
  const std::vector<Listener> listeners = options.listeners;
  auto server = std::make_unique<TheServer>(std::move(options), std::move(handler));
  if (auto ok = server->listen(listeners); !ok) return base::fail(ok.error());
  server->run();
  return server;
}

}  // namespace slipway::http
