package benchmarks;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import software.amazon.event.ruler.Machine;

/**
 * Runs event-ruler: parses each event's JSON and finds its rules.
 *
 * <p>Reads commands, answers each with one line of name=value pairs:
 *
 * <pre>
 * load NAME RULES EVENTS   a file of lines "name TAB rule", a file of events, one a line: a world, under a name
 * run NAME                 one round over its events
 * </pre>
 *
 * <p>Timed is the CPU time of this thread alone: the compiler's and the collector's threads are not held against it.
 */
public final class RulerWorker {
  private record World(Machine machine, List<String> events) {}

  private static final int WARM_UP_ROUNDS = 10;
  private static final Map<String, World> WORLDS = new HashMap<>();
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private RulerWorker() {}

  public static void main(String[] arguments) throws Exception {
    var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      String[] words = line.split(" ");
      System.out.println(words[0].equals("load") ? load(words[1], words[2], words[3]) : run(words[1]));
    }
  }

  private static String load(String name, String rules, String events) throws Exception {
    var machine = new Machine();
    for (String line : Files.readAllLines(Path.of(rules))) {
      String[] parts = line.split("\t", 2);
      machine.addRule(parts[0], parts[1]);
    }
    var world = new World(machine, Files.readAllLines(Path.of(events)));
    for (String event : world.events) {
      int found = machine.rulesForJSONEvent(event).size();
      if (found != 1) {
        throw new AssertionError("an event that matches one rule met " + found + ": " + event);
      }
    }
    WORLDS.put(name, world);
    for (int round = 0; round < WARM_UP_ROUNDS; round++) {
      run(name);
    }
    return "rules=" + name + " events=" + world.events.size();
  }

  private static String run(String name) throws Exception {
    World world = WORLDS.get(name);
    int found = 0;
    long started = THREADS.getCurrentThreadCpuTime();
    for (String event : world.events) {
      found += world.machine.rulesForJSONEvent(event).size();
    }
    double seconds = (THREADS.getCurrentThreadCpuTime() - started) / 1e9;
    return String.format(Locale.ROOT, "events=%d seconds=%.9f found=%d", world.events.size(), seconds, found);
  }
}
