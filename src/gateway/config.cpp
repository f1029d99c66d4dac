#include "gateway/config.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/strings.h"
#include "gateway/emitter.h"
#include "gateway/expression_check.h"

namespace slipway::gateway {
namespace {

constexpr std::string_view kNoRuleYet = "if !{ var(txn.rule) -m found }";

std::string ms(base::Duration d) {
  return std::to_string(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(d).count())) + "ms";
}

class Writer {
 public:
  Writer(const Structure& structure, const StartingServers& servers, const ConfigPaths& paths)
      : structure_(structure), servers_(servers), paths_(paths) {}

  std::string write(const std::string& name) {
    global(name);
    log_ring();
    defaults();
    log_relay();
    for (const Frontend& f : structure_.frontends) f.http ? http_frontend(f) : tcp_frontend(f);
    for (const auto& [id, rule] : structure_.rules) {
      bool tcp = std::find(structure_.tcp_rules.begin(), structure_.tcp_rules.end(), id) != structure_.tcp_rules.end();
      for (int slot = 0; slot < rule.slots; ++slot) tcp ? tcp_backend(id, slot) : http_backend(rule, slot);
      if (rule.redirect) redirect_backend(rule);
    }
    return std::move(out_);
  }

 private:
  Line line(int indent = 2) { return Line(out_, indent); }
  void plain(std::string_view words) { line().words(words); }

  void global(const std::string& name) {
    line(0).word("global");
    plain("master-worker");
    line().word("nbthread").word(std::to_string(paths_.threads));
    line().word("description").word(name);
    plain("log ring@access len 1024 format raw local0 info");
    // A request under way may end in its own time; a connection that never ends does not keep an old worker for ever.
    plain("hard-stop-after 5m");
  }

  // The access log waits in memory while its collector is busy.
  void log_ring() {
    line(0).words("ring access");
    for (auto words : {"format raw", "maxlen 1024", "size 16777216", "timeout connect 1s", "timeout server 1h"})
      plain(words);
    line().words("server collector").quoted("unix@" + relay()).words("log-proto octet-count");
  }

  // Between the ring and the collector, because a ring that is refused tries again at once and for ever: it takes a
  // whole core while no server runs. Here it gets in once a second; what it says meanwhile is lost.
  void log_relay() {
    line(0).words("listen access-relay");
    for (auto words :
         {"mode tcp", "no log", "rate-limit sessions 1", "retries 0", "timeout client 24d", "timeout server 24d"})
      plain(words);
    line().word("bind").quoted("unix@" + relay()).words("mode 600");
    line().words("server collector").quoted("unix@" + paths_.log_socket);
  }
  std::string relay() const { return paths_.log_socket + ".relay"; }

  void defaults() {
    line(0).word("defaults");
    for (auto words :
         {"mode http", "log global", "balance roundrobin", "option redispatch 1", "option idle-close-on-response",
          "option forwardfor", "retries 3",
          // Never on a status: that would hide a bad version. An empty response means that the server died
          // before it answered; `disable-l7-retry` in the backends keeps that to requests that may be repeated.
          "retry-on conn-failure empty-response", "timeout connect 1s", "timeout client 60s", "timeout server 60s",
          "timeout queue 5s", "timeout http-request 30s",
          // Old workers after a reload live no longer than their idle connections.
          "timeout http-keep-alive 5s", "timeout tunnel 1h"}) {
      plain(words);
    }
  }

  static std::string log_format() {
    return base::join({kLogVersion, "%[date(0,ms)]", "%pid", "%[var(txn.rule)]", "%b", "%[var(txn.svc)]", "%ST",
                       "%[date(0,us),sub(txn.start)]", "%rc", "%tsc", "%s", "%HM", "%HPO"},
                      " ");
  }

  // --- frontends --------------------------------------------------------------------------------------------

  void bind(const Frontend& f) {
    for (const std::string& address : f.binds) line().word("bind").word(address);
  }

  void tcp_frontend(const Frontend& f) {
    line(0).word("frontend").word(f.id);
    plain("mode tcp");
    plain("no log");
    bind(f);
    line().word("default_backend").word(slot_name(f.tcp_rule, 0));
  }

  void http_frontend(const Frontend& f) {
    line(0).word("frontend").word(f.id);
    bind(f);
    line().word("log-format").quoted(log_format());
    plain("http-request set-var(txn.start) date(0,us)");
    plain("http-request set-var(txn.host) req.hdr(host),field(1,:),lower");
    for (std::size_t i = 0; i < f.entries.size(); ++i) entry(f.entries[i], "p" + std::to_string(i));
    choose_slot(f);
    redirects(f);
    line().words("http-request return status 404 content-type text/plain string").quoted("no route").words(kNoRuleYet);
    line()
        .words("http-request return status 500 content-type text/plain string")
        .quoted("invalid backend")
        .words("if { var(txn.svc) -m str -- ! }");
    // Nothing has a share: no backend, or all weights are zero.
    line()
        .words("http-request return status 500 content-type text/plain string")
        .quoted("no backend")
        .words("if !{ var(txn.slot) -m found }");
    plain("use_backend %[var(txn.be)]");
  }

  // Text from outside stands in named ACLs only: within braces a lone "}" would end the condition.
  void entry(const Entry& e, const std::string& acl) {
    const RouteMatch& match = e.condition.match;
    std::vector<std::string> conditions;
    auto name = [&] { return conditions.emplace_back(acl + "." + std::to_string(conditions.size())); };
    if (match.path != PathMatch{}) path_acl(match.path, name());
    for (const NamedMatch& h : match.headers) value_acl(name(), "req.fhdr(" + h.name + ")", h);
    for (const NamedMatch& q : match.query) value_acl(name(), "url_param(" + q.name + ")", q);
    Line l(out_, 2);
    l.word("http-request").word("set-var(txn.rule)").word("str(" + e.rule + ")").words(kNoRuleYet);
    host(l, e.condition.hostname);
    if (!match.method.empty()) l.words("{ method -m str --").quoted(match.method).word("}");
    for (const std::string& c : conditions) l.word(c);
  }

  void path_acl(const PathMatch& path, const std::string& acl) {
    if (path.kind == MatchKind::Regex) {
      line().word("acl").word(acl).words("path -m reg --").quoted(full_match(path.value));
      return;
    }
    line().word("acl").word(acl).words("path -m str --").quoted(path.value);
    if (path.kind == MatchKind::Prefix) line().word("acl").word(acl).words("path -m beg --").quoted(path.value + "/");
  }

  static void host(Line& l, const std::string& name) {
    if (name.empty()) return;
    bool wild = name.starts_with("*.");
    l.words("{ var(txn.host)").words(wild ? "-m end --" : "-m str --").quoted(wild ? name.substr(1) : name).word("}");
  }

  void value_acl(const std::string& acl, const std::string& what, const NamedMatch& match) {
    bool regex = match.kind == MatchKind::Regex;
    line()
        .word("acl")
        .word(acl)
        .word(what)
        .words(regex ? "-m reg --" : "-m str --")
        .quoted(regex ? full_match(match.value) : match.value);
  }

  std::set<std::string> rules_of(const Frontend& f) const {
    std::set<std::string> ids;
    for (const Entry& e : f.entries) ids.insert(e.rule);
    return ids;
  }

  void choose_slot(const Frontend& f) {
    line().words("http-request set-var(txn.w)").word("var(txn.rule),map_str(" + paths_.weights + ")");
    line().words("http-request set-var(txn.salt)").word("var(txn.rule),map_str(" + paths_.salts + ")");
    plain("http-request set-var(txn.b) rand(10000)");
    sticky(f);
    int slots = 0;
    for (const std::string& id : rules_of(f)) slots = std::max(slots, structure_.rules.at(id).slots);
    for (int i = 0; i < slots; ++i) {
      line().words("http-request set-var(txn.t)").word("var(txn.w),field(" + std::to_string(2 * i + 1) + ",:),add(0)");
      line()
          .words("http-request set-var(txn.slot)")
          .word("var(txn.w),field(" + std::to_string(2 * i + 2) + ",:)")
          .words("if !{ var(txn.slot) -m found } { var(txn.b),sub(txn.t) lt 0 }");
    }
    plain("http-request set-var(txn.be) var(txn.rule),concat(.s,txn.slot)");
    line().words("http-request set-var(txn.svc)").word("var(txn.be),map_str(" + paths_.slots + ")");
  }

  void sticky(const Frontend& f) {
    std::map<std::string, std::vector<std::string>> rules_by_key;
    for (const std::string& id : rules_of(f)) {
      const Sticky& key = structure_.rules.at(id).sticky;
      if (!key.header.empty()) rules_by_key["req.fhdr(" + key.header + ")"].push_back(id);
      if (!key.cookie.empty()) rules_by_key["req.cook(" + key.cookie + ")"].push_back(id);
    }
    for (const auto& [value, ids] : rules_by_key) {
      for (const std::string& id : ids) {
        line()
            .words("http-request set-var(txn.b)")
            .word(value + ",concat(:,txn.salt),xxh32,mod(10000)")
            .words("if { var(txn.rule) -m str --")
            .word(id)
            .word("}")
            .words("{ " + value + " -m found }");
      }
    }
  }

  void redirects(const Frontend& f) {
    for (const std::string& id : rules_of(f)) {
      if (!structure_.rules.at(id).redirect) continue;
      line().word("use_backend").word(id + ".redirect").words("if { var(txn.rule) -m str --").word(id).word("}");
      line().words("http-request set-var(txn.slot) str(none) if { var(txn.rule) -m str --").word(id).word("}");
    }
  }

  // --- backends ---------------------------------------------------------------------------------------------

  void tcp_backend(const std::string& rule, int slot) {
    line(0).word("backend").word(slot_name(rule, slot));
    plain("mode tcp");
    plain("retry-on conn-failure");
    servers(slot_name(rule, slot));
  }

  void http_backend(const RuleSpec& rule, int slot) {
    line(0).word("backend").word(slot_name(rule.id, slot));
    // METH_GET is GET and HEAD.
    plain("http-request disable-l7-retry unless METH_GET");
    if (rule.timeout.count() > 0) line().words("timeout server").word(ms(rule.timeout));
    for (const HeaderChange& change : rule.changes) header_change(change);
    if (rule.rewrite) {
      if (!rule.rewrite->hostname.empty()) line().words("http-request set-header host").format(rule.rewrite->hostname);
      if (rule.rewrite->path) path_change(*rule.rewrite->path, rule.prefixes);
    }
    servers(slot_name(rule.id, slot));
  }

  void header_change(const HeaderChange& change) {
    using Op = HeaderChange::Op;
    Line l(out_, 2);
    l.word(change.response ? "http-response" : "http-request");
    l.word(change.op == Op::Set ? "set-header" : change.op == Op::Add ? "add-header" : "del-header").word(change.name);
    if (change.op != Op::Remove) l.format(change.value);
  }

  void path_change(const PathChange& change, const std::vector<std::string>& prefixes) {
    if (change.whole) {
      line().words("http-request set-path").format(change.value);
      return;
    }
    std::string to = change.value;
    while (to.ends_with('/')) to.pop_back();
    for (std::size_t i = 0; i < prefixes.size(); ++i) {
      std::string from = prefixes[i] == "/" ? "" : prefixes[i], acl = "x" + std::to_string(i);
      line().word("acl").word(acl).words("path -m str --").quoted(from.empty() ? "/" : from);
      line().word("acl").word(acl).words("path -m beg --").quoted(from + "/");
      std::string mark = "str(" + std::to_string(i) + ")";
      line().words("http-request set-var(txn.prefix)").word(mark).words("if !{ var(txn.prefix) -m found }").word(acl);
      // What is left of "/" is never empty: a path starts with a slash.
      line()
          .words("http-request replace-path")
          .quoted("^" + escape_regex(from) + (to.empty() ? "/?(.*)$" : "(.*)$"))
          .format_around("", to.empty() ? "/" : to, "\\1")
          .words("if { var(txn.prefix) -m str --")
          .word(std::to_string(i))
          .word("}");
    }
  }

  void redirect_backend(const RuleSpec& rule) {
    const Redirect& r = *rule.redirect;
    line(0).word("backend").word(rule.id + ".redirect");
    if (r.path) path_change(*r.path, rule.prefixes);
    std::string port = r.port != 0 && !is_default_port(r) ? ":" + std::to_string(r.port)
                       : r.port == 0 && r.scheme.empty()  ? "%[var(txn.port)]"
                                                          : "";
    plain("http-request set-var(txn.port) req.hdr(host),regsub(^[^:]*,)");
    std::string host = r.hostname.empty() ? "%[var(txn.host)]" : escape_format(r.hostname);
    std::string scheme = r.scheme.empty() ? "http" : r.scheme;
    line()
        .words("http-request redirect location")
        .quoted(scheme + "://" + host + port + "%[pathq]")
        .word("code")
        .word(std::to_string(r.status));
  }

  static bool is_default_port(const Redirect& r) {
    return (r.port == 80 && r.scheme != "https") || (r.port == 443 && r.scheme == "https");
  }

  void servers(const std::string& section) {
    auto found = servers_.find(section);
    if (found == servers_.end()) return;
    for (const Server& s : found->second) line().word("server").word(s.name).word(s.address);
  }

  const Structure& structure_;
  const StartingServers& servers_;
  const ConfigPaths& paths_;
  std::string out_;
};

}  // namespace

std::string fingerprint(const Structure& structure, const ConfigPaths& paths) {
  return "slipway-" + base::sha256_hex(Writer(structure, {}, paths).write("-")).substr(0, 24);
}

std::string write_config(const Structure& structure, const StartingServers& servers, const ConfigPaths& paths) {
  return Writer(structure, servers, paths).write(fingerprint(structure, paths));
}

}  // namespace slipway::gateway
