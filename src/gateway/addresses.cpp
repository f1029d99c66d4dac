#include "gateway/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/strings.h"

namespace slipway::gateway {
namespace {

constexpr auto kRetry = base::seconds(5);

std::string ip_of(const std::string& bind) { return bind.substr(0, bind.rfind(':')); }

int try_once(int fd, const std::string& bind) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(base::parse_uint(bind.substr(bind.rfind(':') + 1)).value_or(0)));
  inet_pton(AF_INET, ip_of(bind).c_str(), &where.sin_addr);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(fd, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0 ? 0 : errno;
}

}  // namespace

Addresses::Addresses(runtime::Loop& loop, control::ProcessHost& host, control::NetworkSpace network,
                     std::function<void()> changed)
    : loop_(loop), host_(host), network_(network), changed_(std::move(changed)) {}

bool Addresses::usable(const std::string& bind) {
  auto [place, fresh] = binds_.try_emplace(bind);
  if (fresh) ask(bind);
  return place->second.state == State::Good;
}

void Addresses::ask(const std::string& bind) {
  if (network_ == control::NetworkSpace::Host) return try_bind(bind);  // all of 127.0.0.0/8 is there
  host_.add_node_address(ip_of(bind), [this, bind, alive = std::weak_ptr(alive_)](base::Result<bool> added) {
    if (alive.expired()) return;
    added ? try_bind(bind) : decide(bind, State::Bad, added.error().message);
  });
}

void Addresses::try_bind(const std::string& bind) {
  host_.open_socket(network_, AF_INET, SOCK_STREAM, [this, bind, alive = std::weak_ptr(alive_)](base::Result<int> fd) {
    if (alive.expired()) {
      if (fd) close(*fd);
      return;
    }
    if (!fd) return decide(bind, State::Bad, fd.error().message);
    int error = try_once(*fd, bind);
    close(*fd);
    bool ours = error == EADDRINUSE && adopted_;
    error == 0 || ours ? decide(bind, State::Good, "") : decide(bind, State::Bad, std::strerror(error));
  });
}

void Addresses::decide(const std::string& bind, State state, std::string why) {
  auto found = binds_.find(bind);
  if (found == binds_.end()) return;
  bool news = found->second.state != state;
  found->second = {state, std::move(why)};
  if (state == State::Bad) {
    retries_[bind] = loop_.after(kRetry, [this, bind] {
      if (binds_.contains(bind)) ask(bind);
    });
  }
  if (news) changed_();
}

void Addresses::keep_only(const std::set<std::string>& binds) {
  std::set<std::string> kept;
  for (const std::string& b : binds) kept.insert(ip_of(b));
  std::set<std::string> gone;
  std::erase_if(binds_, [&](const auto& entry) {
    if (binds.contains(entry.first)) return false;
    if (!kept.contains(ip_of(entry.first))) gone.insert(ip_of(entry.first));
    return true;
  });
  std::erase_if(retries_, [&](const auto& entry) { return !binds.contains(entry.first); });
  if (network_ == control::NetworkSpace::Host) return;
  for (const std::string& ip : gone) host_.remove_node_address(ip, [](base::Result<bool>) {});
}

std::string Addresses::why_not(const std::string& bind) const {
  const auto found = binds_.find(bind);
  return found != binds_.end() && found->second.state == State::Bad ? found->second.why : "";
}

std::vector<std::string> Addresses::problems() const {
  std::vector<std::string> out;
  for (const auto& [bind, b] : binds_) {
    if (b.state == State::Bad) out.push_back("the gateway cannot answer on " + bind + ": " + b.why);
  }
  return out;
}

}  // namespace slipway::gateway
