#include "node/shim/server.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>

#include "node/posix.h"

namespace slipway::node::shim {

using base::Code;
using base::Result;
using control::HostReport;
using control::NetworkSpace;
using data::Value;

namespace {
constexpr std::size_t kMaxClients = 16;
constexpr std::size_t kMaxUnsent = 64u << 20;  // a client that reads nothing is hung up on
}  // namespace

struct Server::Client {
  int id;
  UniqueFd socket;
  FrameReader reader;
  std::deque<int> received_fds;
  struct Outgoing {
    std::string bytes;
    UniqueFd fd;
  };
  std::deque<Outgoing> unsent;
  std::size_t unsent_bytes = 0;
  ~Client() {
    for (int fd : received_fds) close(fd);
  }
};

Server::Server(Reactor& reactor, Ground& ground, NetKeeper& keeper, Journal& journal)
    : reactor_(reactor),
      ground_(ground),
      keeper_(keeper),
      processes_(reactor, journal, ground, [this](const control::ProcessState& state) {
        std::vector<int> ids;
        for (const auto& [id, client] : clients_) ids.push_back(id);
        for (int id : ids) send(id, Value::object({{"exit", to_value(state)}}));
      }) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);  // children inherit it: nothing sent to them before exec is lost
  sigset_t wanted;
  sigemptyset(&wanted);
  for (int s : {SIGCHLD, SIGTERM, SIGINT}) sigaddset(&wanted, s);
  signals_.reset(signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
  reactor_.add(signals_.get(), EPOLLIN, [this](std::uint32_t) { on_signal(); });
  if (keeper_.running()) keeper_.attach(reactor_);
  processes_.recover();
}

Server::~Server() = default;

Result<void> Server::listen(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX};
  if (path.size() >= sizeof address.sun_path)
    return base::fail(Code::Invalid, "socket path is longer than 107 bytes: " + path);
  path.copy(address.sun_path, path.size());
  unlink(path.c_str());  // we hold the lock: nobody listens there
  listener_.reset(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const mode_t before = umask(0177);
  const int bound = bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0 || ::listen(listener_.get(), 16) != 0) return os_fail("listen on " + path);
  reactor_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
  return {};
}

void Server::run() {
  on_signal();  // children of the trial may have ended before anybody listened
  while (!stopping_ || processes_.any_running()) {
    reactor_.wait(stopping_ ? std::optional<base::Duration>(std::chrono::milliseconds(20)) : std::nullopt);
    processes_.sync();
    if (stopping_) go_on_with_shutdown();
  }
  for (Answer& answer : stopped_) answer(Value(true), {});
}

void Server::accept() {
  UniqueFd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket || clients_.size() >= kMaxClients) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  if (peer.uid != 0 && peer.uid != geteuid()) return;
  const int id = ++next_client_;
  reactor_.add(socket.get(), EPOLLIN, [this, id](std::uint32_t events) {
    if (events & EPOLLOUT) flush(*clients_.at(id));
    if (events & ~EPOLLOUT) receive(id);
  });
  auto client = std::make_unique<Client>();
  client->id = id;
  client->socket = std::move(socket);
  clients_[id] = std::move(client);
  send(id, Value::object({{"hello", Value::object({{"version", kProtocolVersion},
                                                   {"pid", getpid()},
                                                   {"report", to_value(ground_.report)}})}}));
}

void Server::receive(int id) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  char buffer[65536];
  const ssize_t n = receive_with_fds(it->second->socket.get(), buffer, sizeof buffer, it->second->received_fds);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return drop(id);
  it->second->reader.feed({buffer, static_cast<std::size_t>(n)});
  while (true) {
    const auto client = clients_.find(id);  // a request may end the conversation
    if (client == clients_.end() || !take(*client->second)) return;
  }
}

bool Server::take(Client& client) {
  auto message = client.reader.next();
  if (!message) {
    drop(client.id);
    return false;
  }
  if (!*message) return false;
  const Value& request = **message;
  std::vector<int> fds;
  for (std::int64_t i = request["fds"].as_int(); i > 0 && !client.received_fds.empty(); --i) {
    fds.push_back(client.received_fds.front());
    client.received_fds.pop_front();
  }
  perform(request, fds, answer_to(client.id, request["n"].as_int()));
  for (int fd : fds) close(fd);
  return true;
}

Server::Answer Server::answer_to(int client, std::int64_t n) {
  return [this, client, n](Result<Value> result, UniqueFd fd) {
    Value message = Value::object({{"n", n}});
    if (result)
      message.set("ok", *result);
    else
      message.set("error", to_value(result.error()));
    if (fd) message.set("fds", 1);
    send(client, message, std::move(fd));
  };
}

void Server::send(int id, const Value& message, UniqueFd fd) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  Client& client = *it->second;
  client.unsent.push_back({encode_frame(message), std::move(fd)});
  client.unsent_bytes += client.unsent.back().bytes.size();
  if (client.unsent_bytes > kMaxUnsent) return drop(id);
  flush(client);
}

void Server::flush(Client& client) {
  while (!client.unsent.empty()) {
    auto& next = client.unsent.front();
    const ssize_t n =
        send_with_fds(client.socket.get(), next.bytes, next.fd ? std::vector<int>{next.fd.get()} : std::vector<int>{});
    if (n < 0) break;  // full, or gone: then reading notices
    next.fd.reset();
    client.unsent_bytes -= static_cast<std::size_t>(n);
    next.bytes.erase(0, static_cast<std::size_t>(n));
    if (next.bytes.empty()) client.unsent.pop_front();
  }
  reactor_.change(client.socket.get(), client.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void Server::drop(int id) {
  const auto it = clients_.find(id);
  if (it == clients_.end()) return;
  reactor_.remove(it->second->socket.get());
  clients_.erase(it);
}

void Server::perform(const Value& request, std::vector<int> fds, Answer answer) {
  const std::string op = request["op"].str(), id = request["id"].str();
  const auto plain = [&](const Result<void>& r) { answer(r ? Result<Value>(Value(true)) : base::fail(r.error()), {}); };
  if (stopping_ && op != "shutdown" && op != "list")
    return plain(base::fail(Code::Unavailable, "the shim is shutting down"));
  if (op == "spawn") return spawn(request, std::move(fds), std::move(answer));
  if (op == "signal") return plain(processes_.signal(id, static_cast<int>(request["signal"].as_int())));
  if (op == "forget") return plain(processes_.forget(id));
  if (op == "pod-network") return make_network(request, std::move(answer));
  if (op == "pod-network-remove") return remove_network(request["name"].str(), std::move(answer));
  if (op == "node-address")
    return ask_keeper(Value::object({{"op", "address-add"}, {"address", request["address"]}}), answer);
  if (op == "node-address-remove")
    return ask_keeper(Value::object({{"op", "address-remove"}, {"address", request["address"]}}), answer);
  if (op == "socket") return open_socket(request, std::move(answer));
  if (op == "shutdown")
    return begin_shutdown(std::chrono::milliseconds(request["grace_ms"].as_int()), std::move(answer));
  if (op != "list") return plain(base::fail(Code::BadRequest, "unknown operation " + op));
  Value all = Value::array();
  for (const auto& state : processes_.list()) all.push_back(to_value(state));
  answer(all, {});
}

Result<int> Server::network_of(const control::ProcessSpec& spec) const {
  if (!keeper_.running() || spec.network == NetworkSpace::Host || !spec.join.empty()) return -1;
  if (spec.network == NetworkSpace::Node) return keeper_.node_network();
  const auto it = networks_.find(spec.pod_network);
  if (it == networks_.end() || !it->second.second)
    return base::fail(Code::NotFound, "no pod network " + spec.pod_network);
  return it->second.second.get();
}

void Server::spawn(const Value& request, std::vector<int> fds, Answer answer) {
  const auto spec = spec_of(request["spec"]);
  if (spec.id.empty()) return answer(base::fail(Code::Invalid, "a process needs an id"), {});
  const auto network = network_of(spec);
  if (!network) return answer(base::fail(network.error()), {});
  processes_.spawn(spec, *network, std::move(fds), [answer](Result<control::ProcessState> state) {
    answer(state ? Result<Value>(to_value(*state)) : base::fail(state.error()), {});
  });
}

void Server::make_network(const Value& request, Answer answer) {
  const std::string name = request["name"].str(), address = request["address"].str();
  if (!keeper_.running()) return answer(Value(true), {});  // loopback: every 127.x address is there already
  const auto there = networks_.find(name);
  if (there != networks_.end() && there->second.first == address && there->second.second)
    return answer(Value(true), {});
  if (there != networks_.end())
    return answer(base::fail(Code::Conflict, "pod network " + name + " has another address or is being made"), {});
  networks_[name] = {address, UniqueFd()};
  keeper_.ask(Value::object({{"op", "pod"}, {"name", name}, {"address", address}}),
              [this, name, answer](Result<UniqueFd> network) {
                if (network)
                  networks_[name].second = std::move(*network);
                else
                  networks_.erase(name);
                answer(network ? Result<Value>(Value(true)) : base::fail(network.error()), {});
              });
}

void Server::remove_network(const std::string& name, Answer answer) {
  networks_.erase(name);
  ask_keeper(Value::object({{"op", "pod-remove"}, {"name", name}}), std::move(answer));
}

void Server::ask_keeper(Value request, Answer answer) {
  if (!keeper_.running()) return answer(Value(true), {});
  keeper_.ask(std::move(request), [answer](Result<UniqueFd> done) {
    answer(done ? Result<Value>(Value(true)) : base::fail(done.error()), {});
  });
}

void Server::open_socket(const Value& request, Answer answer) {
  const int domain = static_cast<int>(request["domain"].as_int()), type = static_cast<int>(request["type"].as_int());
  if (keeper_.running() && static_cast<NetworkSpace>(request["space"].as_int()) != NetworkSpace::Host) {
    return keeper_.ask(Value::object({{"op", "socket"}, {"domain", domain}, {"type", type}}),
                       [answer](Result<UniqueFd> fd) {
                         fd ? answer(Value(true), std::move(*fd)) : answer(base::fail(fd.error()), {});
                       });
  }
  UniqueFd fd(socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  fd ? answer(Value(true), std::move(fd)) : answer(os_fail("open socket"), {});
}

void Server::on_signal() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info)
    if (info.ssi_signo != SIGCHLD) begin_shutdown(std::chrono::seconds(10), [](auto, auto) {});
  int status = 0;
  for (pid_t pid = 0; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    if (!processes_.reaped(pid, status) && pid == keeper_.pid()) keeper_.ended();
}

void Server::begin_shutdown(base::Duration grace, Answer answer) {
  stopped_.push_back(std::move(answer));
  const auto kill_at = mono_now() + grace;
  if (!stopping_ || kill_at < kill_at_) kill_at_ = kill_at;
  if (!stopping_) processes_.signal_all(SIGTERM);
  stopping_ = true;
}

void Server::go_on_with_shutdown() {
  if (mono_now() >= kill_at_) processes_.signal_all(SIGKILL);
}

}  // namespace slipway::node::shim
