/* name_lists.c - common first names of several origins, cities and countries, as English writes them. Those that are
 * words as well (Will, Grace, Turkey) are left out. */
#include "explain/changes.h"

const char *const cz_own_names[] = {
    "Mary,Anna,Emma,Sarah,Laura,Julia,Maria,Linda,Susan,Lisa,Karen,Nancy,Elizabeth,Jessica,"
    "Patricia,Jennifer,Barbara,Emily,Olivia,Sophia,Fatima,Aisha,Mei,Yuki,Priya,Ngozi,Ingrid,Olga,"
    "Camila,Leila",
    "John,James,Robert,Michael,William,David,Richard,Thomas,Charles,Daniel,Matthew,Paul,Andrew,"
    "Peter,George,Kevin,Brian,Edward,Evan,Ali,Omar,Mohammed,Wei,Hiroshi,Rahul,Chinedu,Lars,Ivan,"
    "Diego,Carlos",
};

const char *const cz_own_places[] = {
    "London,Paris,Berlin,Madrid,Rome,Amsterdam,Vienna,Prague,Warsaw,Moscow,Istanbul,Cairo,Lagos,"
    "Nairobi,Mumbai,Delhi,Beijing,Shanghai,Tokyo,Seoul,Jakarta,Sydney,Toronto,Chicago,Boston,"
    "New York,Los Angeles,San Francisco,Mexico City,Lima,Buenos Aires,The Hague",
    "France,Germany,Spain,Italy,Poland,Sweden,Norway,Greece,Portugal,Russia,Egypt,Nigeria,Kenya,"
    "India,Japan,Indonesia,Australia,Canada,Mexico,Peru,Brazil,Argentina,South Africa,"
    "South Korea,New Zealand,Ireland,Iran,Vietnam,Pakistan,Colombia",
};
