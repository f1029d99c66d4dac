// The only way by which text reaches a line of the proxy's configuration or of its command socket.
//
// A line is made of words. `word` takes what this program chose itself, and checks it; `quoted` takes any text and
// quotes it, so that it stays one argument; `format` does the same where the proxy expands `%`. Text with control
// characters cannot be emitted at all: it has been refused as input (gateway/route.h), so meeting it here is a bug and
// ends the program. Comments are never emitted. Syntax: HAProxy 2.6 Configuration Manual, 2.2 "Quoting and escaping"
// and 8.2.6 "Custom log format".
#pragma once

#include <string>
#include <string_view>

namespace slipway::gateway {

class Line {
 public:
  explicit Line(std::string& out, int indent = 0);  // ends the line when destroyed
  ~Line();
  Line(const Line&) = delete;

  // Letters, digits and "-_.:/@,()%[]!{}|=+*<>^": keywords, names, addresses, expressions of ours without blanks.
  Line& word(std::string_view text);
  Line& words(std::string_view text);  // several, separated by blanks
  Line& quoted(std::string_view text);
  Line& format(std::string_view text);
  // A quoted argument that is partly ours: `prefix` may hold %[...] expansions, `text` is literal, then `suffix`.
  Line& format_around(std::string_view prefix, std::string_view text, std::string_view suffix);

 private:
  std::string& out_;
  bool fresh_ = true;
};

std::string quote(std::string_view text);          // one argument, with its quotes
std::string escape_format(std::string_view text);  // `%` doubled
std::string escape_regex(std::string_view text);   // matches exactly this text
bool is_word(std::string_view text);

// A word of the command socket: letters, digits and "-_.:/!,". Anything else is a bug.
std::string socket_word(std::string_view text);

}  // namespace slipway::gateway
