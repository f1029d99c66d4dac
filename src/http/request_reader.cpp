#include "http/request_reader.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/strings.h"

namespace slipway::http {
namespace beast = boost::beast::http;
using base::Code;
using base::fail;

struct RequestReader::Parser : beast::request_parser<beast::string_body> {
  bool continue_asked = false;
};

namespace {

base::Error error_of(const boost::system::error_code& ec) {
  if (ec == beast::error::body_limit) return {Code::TooLarge, "request body is too large"};
  if (ec == beast::error::header_limit) return {Code::Invalid, "request header fields are too large"};
  return {Code::BadRequest, "malformed request: " + ec.message()};
}

// What the parser leaves to its user (RFC 9112 section 3.2).
base::Result<void> check_head(const beast::request<beast::string_body>& message) {
  if (message.version() == 11 && message.count(beast::field::host) != 1)
    return fail(Code::BadRequest, "malformed request: exactly one Host field is needed");
  if (message.target().empty()) return fail(Code::BadRequest, "malformed request: no target");
  return {};
}

}  // namespace

RequestReader::RequestReader(const ReadLimits& limits) : limits_(limits) {}
RequestReader::~RequestReader() = default;

base::Result<bool> RequestReader::feed(std::string& input) {
  if (!parser_) {
    while (input.starts_with("\r\n")) input.erase(0, 2);  // RFC 9112 section 2.2
    if (input.empty() || input == "\r") return false;
    parser_ = std::make_unique<Parser>();
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser_->body_limit(limits_.body_bytes);
  }
  std::size_t used = 0;
  boost::system::error_code ec;
  while (used < input.size() && !parser_->is_done()) {
    const bool had_head = parser_->is_header_done();
    const std::size_t n = parser_->put({input.data() + used, input.size() - used}, ec);
    used += n;
    if (!had_head && parser_->is_header_done())
      if (auto ok = check_head(parser_->get()); !ok) return fail(ok.error());
    if (ec == beast::error::need_more || (!ec && n == 0)) break;
    if (ec) return fail(error_of(ec));
  }
  input.erase(0, used);
  return parser_->is_done();
}

Request RequestReader::take() {
  SLIPWAY_CHECK(parser_ && parser_->is_done());
  keep_alive_ = parser_->keep_alive();
  auto message = parser_->release();
  parser_.reset();
  http_1_0_ = message.version() == 10;
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
  request.body = std::move(message.body());
  return request;
}

bool RequestReader::idle() const { return !parser_; }
bool RequestReader::in_body() const { return parser_ && parser_->is_header_done() && !parser_->is_done(); }

bool RequestReader::wants_continue() {
  if (!in_body() || parser_->continue_asked) return false;
  parser_->continue_asked = true;
  return base::equals_ignoring_case(std::string_view(parser_->get()[beast::field::expect]), "100-continue");
}

}  // namespace slipway::http
