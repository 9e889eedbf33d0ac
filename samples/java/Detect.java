import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.Structure;
import com.sun.jna.ptr.PointerByReference;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Objects in a picture, from Java 17: as many as {@code ocellus detect} finds, by the same numbers. JNA is Debian's package libjna-java,
 * or {@code net.java.dev.jna:jna} of Maven.
 *
 * <pre>
 * java -cp /usr/share/java/jna.jar -Djna.library.path=build samples/java/Detect.java sdk/models/yolox-nano-416-int8.card.json cat.ppm
 * </pre>
 *
 * Any detector that is compiled will do. A line for each object: score, x1 y1 x2 y2 in pixels, label.
 * {@code ffmpeg -i cat.jpg cat.ppm} makes such a picture.
 */
public final class Detect {
  /** What of sdk/clib/ocellus.h is used here; {@code size_t} is a long where Ocellus runs. */
  public interface Ocellus extends Library {
    int RGB24 = 3;

    @Structure.FieldOrder({"format", "width", "height", "planes", "strides", "colour"})
    class Picture extends Structure {
      public int format;
      public int width;
      public int height;
      public Pointer[] planes = new Pointer[3];
      public long[] strides = new long[3];
      public int colour;
    }

    @Structure.FieldOrder({"x1", "y1", "x2", "y2", "score", "classId", "label"})
    class Detection extends Structure {
      public float x1;
      public float y1;
      public float x2;
      public float y2;
      public float score;
      public int classId;
      public Pointer label;

      public Detection(Pointer address) {
        super(address);
        read();
      }
    }

    Pointer ocellus_detector_load(String path, Pointer options);

    int ocellus_detect(Pointer detector, Picture picture, float threshold, PointerByReference found, long[] count);

    void ocellus_detector_close(Pointer detector);

    /** Of this thread: from a virtual thread, which may go on in another one after any call, it can be the error of others. */
    Pointer ocellus_error();
  }

  public record Found(String label, float score, float x1, float y1, float x2, float y2) {}

  /** Two threads that use one at the same time wait for each other. */
  public static final class Detector implements AutoCloseable {
    private final Ocellus library = Native.load("ocellus", Ocellus.class, java.util.Map.of(Library.OPTION_STRING_ENCODING, "UTF-8"));
    private Pointer handle;

    public Detector(String card) {
      handle = library.ocellus_detector_load(card, null);
      if (handle == null) throw failure();
    }

    /** Of width x height x 3 bytes: R, G, B. A threshold below 0 is the card's. */
    public synchronized List<Found> detect(byte[] rgb, int width, int height, float threshold) {
      if (handle == null) throw new IllegalStateException("the detector was closed");
      if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
        throw new IllegalArgumentException("expected " + width + " x " + height + " x 3 bytes, got " + rgb.length);
      }
      try (Memory pixels = new Memory(rgb.length)) {
        pixels.write(0, rgb, 0, rgb.length);
        Ocellus.Picture picture = new Ocellus.Picture();
        picture.format = Ocellus.RGB24;
        picture.width = width;
        picture.height = height;
        picture.planes[0] = pixels;
        PointerByReference found = new PointerByReference();
        long[] count = new long[1];
        if (library.ocellus_detect(handle, picture, threshold, found, count) != 0) throw failure();
        List<Found> result = new ArrayList<>();
        // They live until the next call: they are copied.
        long size = Native.getNativeSize(Ocellus.Detection.class, null);
        for (int i = 0; i < count[0]; i++) {
          Ocellus.Detection one = new Ocellus.Detection(found.getValue().share(i * size));
          result.add(new Found(one.label.getString(0, "UTF-8"), one.score, one.x1, one.y1, one.x2, one.y2));
        }
        return result;
      }
    }

    @Override
    public synchronized void close() {
      library.ocellus_detector_close(handle);
      handle = null;
    }

    private IllegalArgumentException failure() {
      return new IllegalArgumentException(library.ocellus_error().getString(0, "UTF-8"));
    }
  }

  private static String field(DataInputStream file) throws IOException {
    StringBuilder text = new StringBuilder();
    for (int one = file.read(); one > ' ' && text.length() < 9; one = file.read()) text.append((char) one);
    return text.toString();
  }

  public static void main(String[] arguments) throws IOException {
    try {
      if (arguments.length != 2) throw new IllegalArgumentException("expected a model's card (.card.json) and a picture (.ppm)");
      try (Detector detector = new Detector(arguments[0]);
          DataInputStream file = new DataInputStream(Files.newInputStream(Path.of(arguments[1])))) {
        if (!field(file).equals("P6")) throw new IllegalArgumentException("expected a PPM picture (P6)");
        int width = Integer.parseInt(field(file));
        int height = Integer.parseInt(field(file));
        if (!field(file).equals("255")) throw new IllegalArgumentException("expected a PPM picture with values of 0 to 255");
        for (Found one : detector.detect(file.readAllBytes(), width, height, -1)) {
          System.out.printf(
              Locale.ROOT, "%.2f %.0f %.0f %.0f %.0f %s%n", one.score(), one.x1(), one.y1(), one.x2(), one.y2(), one.label());
        }
      }
    } catch (IllegalArgumentException error) {
      System.err.println("detect: " + error.getMessage());
      System.exit(1);
    }
  }
}
