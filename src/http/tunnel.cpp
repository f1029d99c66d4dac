#include "http/tunnel.h"

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "base/strings.h"

namespace slipway::http {
namespace {

namespace asio = boost::asio;
using base::Code;
using boost::system::error_code;

constexpr std::size_t kMostHead = 16u << 10;

struct Opening {
  std::string request;
  std::string answer;
  std::string name;  // of the proxy, for messages
  std::move_only_function<void(base::Result<void>)> done;
  void fail(const std::string& why) { done(base::fail(Code::Unavailable, "HTTP proxy " + name + ": " + why)); }
};

// "HTTP/1.1 200 OK"
void judge(Opening& opening) {
  const std::string_view line = std::string_view(opening.answer).substr(0, opening.answer.find("\r\n"));
  const auto status =
      line.starts_with("HTTP/1.") && line.size() >= 12 ? base::parse_uint(line.substr(9, 3)) : std::nullopt;
  if (!status) return opening.fail("its answer is not HTTP");
  if (*status == 407) return opening.fail("it asks for a user and a password");
  if (*status / 100 != 2) return opening.fail("it does not open the way: " + std::string(line.substr(9)));
  opening.done({});
}

}  // namespace

void open_tunnel(Socket& socket, const std::string& target, const Proxy& proxy,
                 std::move_only_function<void(base::Result<void>)> done) {
  auto opening = std::make_shared<Opening>(Opening{.name = proxy.endpoint.authority(), .done = std::move(done)});
  opening->request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.authorization.empty()) opening->request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  opening->request += "\r\n";
  asio::async_write(socket, asio::buffer(opening->request), [&socket, opening](const error_code& ec, std::size_t) {
    if (ec) return opening->fail(ec.message());
    // Nothing can follow the head: the server behind the proxy speaks only when spoken to.
    asio::async_read_until(socket, asio::dynamic_buffer(opening->answer, kMostHead), "\r\n\r\n",
                           [opening](const error_code& failed, std::size_t) {
                             if (failed) return opening->fail(failed.message());
                             judge(*opening);
                           });
  });
}

}  // namespace slipway::http
