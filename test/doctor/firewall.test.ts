import { admitting, refusing, sourceIn } from "../../doctor/firewall";

const PORT = "-p tcp -m tcp --dport 5000";
const DROP = `-A INPUT ${PORT} -j DROP`;

test("a rule for another subnet does not refuse an address", () => {
  const other = `-A INPUT -s 10.9.0.0/16 ${PORT} -j DROP`;
  expect(refusing([other], "10.0.1.12")).toEqual([]);
  expect(refusing([other], "10.9.1.12")).toEqual([other]);
  expect(refusing([`-A INPUT ! -s 10.0.1.0/24 ${PORT} -j DROP`], "10.0.1.12")).toEqual([]);
  expect(refusing([`-A INPUT -s 10.0.1.12/32 ${PORT} -j REJECT`], "10.0.1.12")).toHaveLength(1);
});

test("a rule that lets an address in comes first, but only for that address", () => {
  const rules = [`-A INPUT -s 10.0.0.0/24 ${PORT} -j ACCEPT`, DROP];
  expect(refusing(rules, "10.0.0.12")).toEqual([]);
  expect(refusing(rules, "10.0.1.12")).toEqual([DROP]);
});

test("a rule that lets in with more conditions decides nothing", () => {
  const limited = `-A INPUT -i eth1 ${PORT} -j ACCEPT`;
  expect(refusing([limited, DROP], "10.0.1.12")).toEqual([DROP]);
});

test("of each chain the first rule counts", () => {
  const user = `-A DOCKER-USER ${PORT} -j DROP`;
  expect(refusing([DROP, `${DROP} `, user], "10.0.1.12")).toEqual([DROP, user]);
});

test("one address gets in, before the rules of each chain that refuse it", () => {
  expect(admitting([DROP, `-A DOCKER-USER ${PORT} -j DROP`], "10.0.1.12", 5000)).toBe(
    "iptables -I INPUT -s 10.0.1.12 -p tcp --dport 5000 -j ACCEPT && " +
      "iptables -I DOCKER-USER -s 10.0.1.12 -p tcp --dport 5000 -j ACCEPT",
  );
});

test("the address of a host is the source of its route", () => {
  expect(sourceIn("10.0.0.11 via 10.0.1.1 dev eth0 src 10.0.1.12 uid 0")).toBe("10.0.1.12");
  expect(sourceIn("")).toBeUndefined();
});
