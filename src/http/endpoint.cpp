#include "http/endpoint.h"

#include <algorithm>

#include "base/strings.h"
#include "http/message.h"

namespace slipway::http {

std::string Endpoint::authority() const {
  if (host.empty()) return "localhost";
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

namespace {
// "host", "host:port", "[::1]:port"
bool read_authority(std::string_view text, Endpoint& endpoint) {
  std::string_view host = text, port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return false;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return false;
  } else if (const auto colon = text.find(':'); colon != text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  const bool clean = std::all_of(host.begin(), host.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (host.empty() || !clean || host.find_first_of("@/[]") != host.npos) return false;
  endpoint.host = std::string(host);
  if (port.empty()) return true;
  const auto number = base::parse_uint(port.substr(1));
  if (!number || *number == 0 || *number > 65535) return false;
  endpoint.port = static_cast<std::uint16_t>(*number);
  return true;
}
}  // namespace

base::Result<Url> parse_url(std::string_view text) {
  const auto bad = [&](const char* why) {
    return base::fail(base::Code::Invalid, "\"" + std::string(text) + "\" is not a usable URL: " + why);
  };
  Url url;
  std::string_view rest = text;
  if (base::equals_ignoring_case(rest.substr(0, 8), "https://")) {
    url.tls = true;
    url.endpoint.port = 443;
    rest.remove_prefix(8);
  } else if (base::equals_ignoring_case(rest.substr(0, 7), "http://")) {
    url.endpoint.port = 80;
    rest.remove_prefix(7);
  } else {
    return bad("it must begin with http:// or https://");
  }
  const auto end = std::min(rest.find_first_of("/?#"), rest.size());
  if (!read_authority(rest.substr(0, end), url.endpoint)) return bad("it names no host, or a wrong port");
  rest = rest.substr(end);
  rest = rest.substr(0, rest.find('#'));
  if (std::any_of(rest.begin(), rest.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; }))
    return bad("spaces and control characters must be written as %xx");
  url.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  return url;
}

namespace {
// A user and password as they stand in a URL: "%40" is "@".
std::string decoded(std::string_view text) {
  const auto target = parse_target("/" + std::string(text));
  return target ? target->path.substr(1) : std::string(text);
}
}  // namespace

base::Result<Proxy> parse_proxy(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!base::equals_ignoring_case(text.substr(0, kScheme.size()), kScheme))
    return base::fail(base::Code::Invalid,
                      "a proxy must be http://[user:password@]host:port; https and socks5 proxies are not supported");
  std::string_view rest = text.substr(kScheme.size());
  Proxy proxy;
  if (const auto at = rest.substr(0, rest.find('/')).rfind('@'); at != rest.npos) {
    proxy.authorization = "Basic " + base::base64_encode(decoded(rest.substr(0, at)));
    rest.remove_prefix(at + 1);
  }
  auto url = parse_url(std::string(kScheme) + std::string(rest));
  if (!url) return base::fail(url.error());
  proxy.endpoint = std::move(url->endpoint);
  return proxy;
}

}  // namespace slipway::http
