import java.io.File;
import java.io.FileOutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.mapreduce.v2.MiniMRYarnCluster;

/**
 * HDFS and YARN with two nodes each, on ports of the loopback address that they choose. Arguments: a folder of its own, the class
 * path of jobs, a folder for the settings of clients. It prints "ready" once all runs, and ends with its stdin.
 */
public class MiniCluster {
  public static void main(String[] arguments) throws Exception {
    File folder = new File(arguments[0]);
    String classPath = arguments[1];
    File settings = new File(arguments[2]);
    // Threads of it are not daemons: else it would go on without the one that failed.
    Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
      error.printStackTrace();
      if (thread.getName().equals("main")) System.exit(1);
    });
    System.setProperty("test.build.data", new File(folder, "data").getPath());
    System.setProperty("test.build.dir", folder.getPath());

    Configuration ofFiles = new Configuration();
    ofFiles.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, new File(folder, "hdfs").getPath());
    MiniDFSCluster hdfs = new MiniDFSCluster.Builder(ofFiles).numDataNodes(2).build();
    hdfs.waitActive();

    String files = hdfs.getFileSystem().getUri().toString();
    Configuration ofJobs = new Configuration(ofFiles);
    ofJobs.set("fs.defaultFS", files);
    ofJobs.setBoolean("yarn.minicluster.fixed.ports", false);
    ofJobs.setInt("yarn.nodemanager.resource.memory-mb", 4096);
    ofJobs.setInt("yarn.scheduler.minimum-allocation-mb", 256);
    ofJobs.set("yarn.nodemanager.vmem-check-enabled", "false");
    ofJobs.set("yarn.nodemanager.pmem-check-enabled", "false");
    ofJobs.set("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "99");
    ofJobs.set("yarn.application.classpath", classPath);
    ofJobs.set("mapreduce.application.classpath", classPath);
    ofJobs.set("yarn.app.mapreduce.am.staging-dir", "/staging");
    ofJobs.set("yarn.app.mapreduce.am.resource.mb", "512");
    ofJobs.set("yarn.app.mapreduce.am.command-opts", "-Xmx384m --add-opens=java.base/java.lang=ALL-UNNAMED");
    ofJobs.set("mapreduce.map.memory.mb", "512");
    ofJobs.setBoolean("mapreduce.job.ubertask.enable", false);
    MiniMRYarnCluster yarn = new MiniMRYarnCluster("ocellus", 2);
    yarn.init(ofJobs);
    yarn.start();

    Configuration ofClients = yarn.getConfig();
    ofClients.set("fs.defaultFS", files);
    ofClients.set("mapreduce.framework.name", "yarn");
    // In each of them: what is set in one is overridden by the defaults of those that are read after it.
    for (String name : new String[] {"core", "hdfs", "yarn", "mapred"}) {
      try (FileOutputStream stream = new FileOutputStream(new File(settings, name + "-site.xml"))) {
        ofClients.writeXml(stream);
      }
    }
    System.out.println("ready");
    while (System.in.read() >= 0) {}
    System.exit(0);
  }
}
